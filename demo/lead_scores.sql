-- The model: a score for each open lead, from what the warehouse knows of it.
select data__lead_id as lead_id,
       least(100, (40 + 8 * coalesce(data__rating, 0)
                   + case when data__is_hot then 20 else 0 end)::int) as score,
       'scored by the warehouse' as remarks
from process_lead
where status = 'OPEN' and data__lead_id is not null
order by data__lead_id
limit 3000
