-- What became of the leads of each owner; those of nobody have a row, too.
select
  coalesce(assigned_to, '') as owner_id,
  max(assigned_to_username) as owner_username,
  coalesce(max(assigned_to_name), max(assigned_to_username), '(nobody)') as owner_name,
  max(assigned_to_team) as owner_team,
  count(*) as leads,
  count(case when status = 'OPEN' then 1 end) as open_leads,
  count(case when status = 'COMPLETED' then 1 end) as completed_leads,
  count(case when status = 'CANCELLED' then 1 end) as cancelled_leads,
  cast(count(case when status = 'COMPLETED' then 1 end) as double precision) / count(*)
    as conversion,
  max(updated_at) as last_changed_at
from {{ ref('stg_chakra__leads') }}
group by 1
