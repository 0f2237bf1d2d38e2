"""ChakraHQ to the warehouse every hour, then dbt, then scores back: a DAG for Airflow 3.

Airflow runs commands; nothing of the connector lives in its own environment. The key is a variable
of the worker (or of a secrets backend), never of the DAG.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = "/srv/chakra"

with DAG(
    dag_id="chakra",
    schedule="7 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5)},
    tags=["chakra"],
) as dag:
    load = BashOperator(
        task_id="load",
        cwd=PROJECT,
        bash_command="meltano run tap-chakra target-postgres",
        execution_timeout=timedelta(minutes=50),
    )
    model = BashOperator(task_id="model", cwd=PROJECT, bash_command="dbt build --select chakra")
    # A row that ChakraHQ refuses is a reject, which somebody looks at: no retry helps.
    write_back = BashOperator(
        task_id="write_back",
        cwd=PROJECT,
        bash_command=(
            "target-chakra --config scores.json sync"
            " --source $WAREHOUSE_URL --table analytics.lead_scores"
        ),
        retries=0,
    )
    load >> model >> write_back
