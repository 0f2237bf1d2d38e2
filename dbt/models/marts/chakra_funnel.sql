-- How far the leads of each month have come.
select
  cast(date_trunc('month', created_at) as date) as created_month,
  state,
  state_name,
  count(*) as leads,
  count(case when status = 'OPEN' then 1 end) as open_leads,
  count(case when status = 'COMPLETED' then 1 end) as completed_leads,
  count(case when status = 'CANCELLED' then 1 end) as cancelled_leads,
  cast(count(*) as double precision)
    / sum(count(*)) over (partition by cast(date_trunc('month', created_at) as date))
    as share_of_month,
  max(updated_at) as last_changed_at
from {{ ref('stg_chakra__leads') }}
group by 1, 2, 3
