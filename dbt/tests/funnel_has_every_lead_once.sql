select * from (
  select
    (select count(*) from {{ ref('stg_chakra__leads') }}) as leads,
    (select sum(leads) from {{ ref('chakra_funnel') }}) as in_funnel
) as counts
where coalesce(in_funnel, 0) <> leads
