{#- The column of a table that holds what ChakraHQ calls `name`, quoted; none if there is no such.

    A loader may keep ChakraHQ's names (assignedToUsername), write them small (assignedtousername)
    or in snake case (assigned_to_username): the exact name counts first, then the only one that is
    the same except for case and underscores. -#}
{% macro chakra_column(table, name) %}
  {%- set folded = name | lower | replace('_', '') -%}
  {%- set alike = [] -%}
  {%- for column in adapter.get_columns_in_relation(table) if execute -%}
    {%- if column.name == name -%}
      {{ return(column) }}
    {%- elif column.name | lower | replace('_', '') == folded -%}
      {%- do alike.append(column) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- if alike | length > 1 -%}
    {{ exceptions.raise_compiler_error(
      table ~ ' has several columns that may be ' ~ name ~ ': load it with column_names: snake_case'
    ) }}
  {%- endif -%}
  {{ return(alike[0] if alike else none) }}
{% endmacro %}


{#- That column as an expression of a type; null where the table has none. -#}
{% macro chakra_value(table, name, type='text') %}
  {%- set column = chakra_column(table, name) -%}
  {%- if column is none -%}
    cast(null as {{ type }})
  {%- elif type == 'timestamp' and ('time zone' in column.dtype | lower or 'tz' in column.dtype | lower)
      and 'without' not in column.dtype | lower -%}
    ({{ adapter.quote(column.name) }} at time zone 'UTC')
  {%- else -%}
    cast({{ adapter.quote(column.name) }} as {{ type }})
  {%- endif -%}
{% endmacro %}


{#- All attributes of a procedure, each under the name of its column in snake case. -#}
{% macro chakra_attributes(table) %}
  {%- for column in adapter.get_columns_in_relation(table) if execute -%}
    {%- if modules.re.match('(?i)(data|derived_?data)__', column.name) -%}
      , {{ adapter.quote(column.name) }} as {{ adapter.quote(chakra_snake_case(column.name)) }}
    {% endif -%}
  {%- endfor -%}
{% endmacro %}


{% macro chakra_snake_case(name) %}
  {%- set made = modules.re.sub('([^_])([A-Z][a-z]+)', '\\1_\\2', name) -%}
  {{ return(modules.re.sub('([a-z0-9])([A-Z])', '\\1_\\2', made) | lower) }}
{% endmacro %}
