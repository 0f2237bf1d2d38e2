{#- The living processes of a procedure: ChakraHQ's own fields and all attributes in snake case,
    with the names of states and of people.

    {{ chakra_processes(source('chakra', 'process_ticket'), 'ticket') }} -#}
{% macro chakra_processes(table, procedure) %}
with processes as (

  select
    {{ chakra_value(table, 'id') }} as id,
    {{ chakra_value(table, 'status') }} as status,
    {{ chakra_value(table, 'state') }} as state,
    {{ chakra_value(table, 'state_id') }} as state_id,
    {{ chakra_value(table, 'state_name') }} as own_state_name,
    {{ chakra_value(table, 'assigned_to') }} as assigned_to,
    {{ chakra_value(table, 'assigned_to_username') }} as assigned_to_username,
    {{ chakra_value(table, 'created_by') }} as created_by,
    {{ chakra_value(table, 'created_by_username') }} as created_by_username,
    {{ chakra_value(table, 'next_action_at', 'timestamp') }} as next_action_at,
    {{ chakra_value(table, 'created_at', 'timestamp') }} as created_at,
    {{ chakra_value(table, 'updated_at', 'timestamp') }} as updated_at,
    {{ chakra_value(table, 'completed_at', 'timestamp') }} as completed_at,
    {{ chakra_value(table, 'cancelled_at', 'timestamp') }} as cancelled_at
    {{ chakra_attributes(table) }}
  from {{ table }}
  where {{ chakra_is_living(table, procedure) }}

)

select
  processes.*,
  coalesce(processes.own_state_name, states.name) as state_name,
  owner.name as assigned_to_name,
  owner.team_name as assigned_to_team,
  creator.name as created_by_name
from processes
left join {{ ref('stg_chakra__states') }} as states on states.id = processes.state_id
left join {{ ref('stg_chakra__users') }} as owner on owner.id = processes.assigned_to
left join {{ ref('stg_chakra__users') }} as creator on creator.id = processes.created_by
{% endmacro %}


{#- Whether a row is still there: neither marked by its loader (`_sdc_deleted_at`) nor by ChakraHQ,
    nor gone by the tables of `emit_scan_ids`, where those are loaded. -#}
{% macro chakra_is_living(table, procedure) %}
  {%- set marked = chakra_column(table, '_sdc_deleted_at') -%}
  {%- set scanned = load_relation(table.incorporate(path={'identifier': 'scanned_ids'})) -%}
  {%- set scans = load_relation(table.incorporate(path={'identifier': 'complete_scans'})) -%}
  not coalesce({{ chakra_value(table, 'is_deleted', 'boolean') }},
               {{ chakra_value(table, 'deleted_at', 'timestamp') }} is not null)
  {%- if marked is not none %}
    and {{ adapter.quote(marked.name) }} is null
  {%- endif %}
  {%- if scanned is not none and scans is not none %}
    and {{ chakra_value(table, 'id') }} not in (
      select gone.id
      from (
        select {{ chakra_value(table, 'id') }} as id,
               {{ chakra_value(table, 'created_at', 'timestamp') }} as created_at
        from {{ table }}
      ) as gone
      left join (
        select {{ chakra_value(scanned, 'id') }} as id,
               {{ chakra_value(scanned, 'scan_started_at', 'timestamp') }} as seen_at
        from {{ scanned }}
        where {{ chakra_value(scanned, 'procedure') }} = '{{ procedure }}'
      ) as seen on seen.id = gone.id
      where gone.id is not null
      group by gone.id
      having max(coalesce(seen.seen_at, gone.created_at)) < (
        select max({{ chakra_value(scans, 'scan_started_at', 'timestamp') }})
        from {{ scans }}
        where {{ chakra_value(scans, 'procedure') }} = '{{ procedure }}'
      )
    )
  {%- endif %}
{% endmacro %}
