"""The people's roles in Airflow with FAB: Ops and Auditor beside its own Viewer and Admin. Safe to run again.

| role    | looks | orders                                                                              |
|---------|-------|-------------------------------------------------------------------------------------|
| Viewer  | all   | nothing                                                                             |
| Ops     | all   | every DAG but ADMIN_DAGS, the buttons of the monitoring page, required actions      |
| Auditor | all, with Airflow's audit log | taxation_unmask                                             |
| Admin   | all   | everything: clients, settings, retention, months of invoices, users                 |
"""

from typing import Any

#: Money, settings, and what takes data away or shows whole numbers.
ADMIN_DAGS = frozenset(
    {"billing_monthly", "client_admin", "retention", "settings_apply", "taxation_unmask"}
)
AUDITOR_DAGS = frozenset({"taxation_unmask"})


def make_roles(every_dag: frozenset[str]) -> None:
    """Make the roles, and give each its permissions on these DAGs; what was given before stays."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        manager = builder.sm
        looks = {
            (permission.action.name, permission.resource.name)
            for permission in manager.find_role("Viewer").permissions
        } | {("can_read", "Plugins")}
        ops = _may_run(every_dag - ADMIN_DAGS) | {
            ("can_edit", "DAG Runs"),
            ("can_edit", "Task Instances"),
            ("can_edit", "HITL Detail"),
            ("menu_access", "HITL Detail"),
        }
        auditor = _may_run(AUDITOR_DAGS) | {
            ("can_read", "Audit Logs"),
            ("menu_access", "Audit Logs"),
        }
        _give(manager, "Viewer", {("can_read", "Plugins")})
        _give(manager, "Ops", looks | ops)
        _give(manager, "Auditor", looks | auditor)


def _may_run(dags: frozenset[str]) -> set[tuple[str, str]]:
    """Of a DAG one needs its own edit permission, of runs the right to create any."""
    return {("can_create", "DAG Runs"), *(("can_edit", f"DAG:{dag_id}") for dag_id in dags)}


def _give(manager: Any, name: str, permissions: set[tuple[str, str]]) -> None:
    role = manager.add_role(name)
    for action, resource in sorted(permissions):
        manager.add_permission_to_role(role, manager.create_permission(action, resource))


def dags_of(folder: str) -> frozenset[str]:
    """The DAGs of a folder: each file is named like its DAG."""
    from pathlib import Path

    return frozenset(file.stem for file in Path(folder).glob("*.py"))
