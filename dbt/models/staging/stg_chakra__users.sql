{%- set users = source('chakra', 'users') -%}
select
  {{ chakra_value(users, 'id') }} as id,
  {{ chakra_value(users, 'username') }} as username,
  coalesce(
    nullif({{ chakra_value(users, 'display_name') }}, ''),
    nullif(trim(concat({{ chakra_value(users, 'first_name') }}, ' ', {{ chakra_value(users, 'last_name') }})), ''),
    {{ chakra_value(users, 'username') }}
  ) as name,
  {{ chakra_value(users, 'email') }} as email,
  {{ chakra_value(users, 'phone') }} as phone,
  {{ chakra_value(users, 'team_name') }} as team_name,
  {{ chakra_value(users, 'role_name') }} as role_name,
  {{ chakra_value(users, 'is_active', 'boolean') }} as is_active,
  {{ chakra_value(users, 'created_at', 'timestamp') }} as created_at,
  {{ chakra_value(users, 'updated_at', 'timestamp') }} as updated_at
from {{ users }}
{%- if chakra_column(users, '_sdc_deleted_at') is not none %}
where {{ adapter.quote(chakra_column(users, '_sdc_deleted_at').name) }} is null
{%- endif %}
