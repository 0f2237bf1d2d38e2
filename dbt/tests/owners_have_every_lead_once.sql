select * from (
  select
    (select count(*) from {{ ref('stg_chakra__leads') }}) as leads,
    (select sum(leads) from {{ ref('chakra_owners') }}) as of_owners
) as counts
where coalesce(of_owners, 0) <> leads
