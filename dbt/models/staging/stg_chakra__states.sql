{%- set states = source('chakra', 'states') -%}
select
  {{ chakra_value(states, 'id') }} as id,
  {{ chakra_value(states, 'short_id') }} as short_id,
  {{ chakra_value(states, 'name') }} as name,
  {{ chakra_value(states, 'procedure') }} as procedure_id
from {{ states }}
{%- if chakra_column(states, '_sdc_deleted_at') is not none %}
where {{ adapter.quote(chakra_column(states, '_sdc_deleted_at').name) }} is null
{%- endif %}
