"""`repro-tui devices`: what this machine offers."""

import json
from typing import TYPE_CHECKING

import click

from repro_tui.cli.console import format_option
from repro_tui.cli.manual import DONE, manual
from repro_tui.text import visible

if TYPE_CHECKING:
    from repro_tui.rerun.model import Device


@click.command(
    short_help="List the devices of this machine.",
    epilog=manual(
        examples={"repro-tui devices": "memory in use, and which jobs hold a device"},
        exit_codes=DONE,
    ),
)
@format_option
def devices(format_: str) -> None:
    """List the devices that a run can be re-executed on, and what uses them."""
    from msgspec.structs import asdict

    from repro_tui.rerun.devices import devices as present
    from repro_tui.rerun.jobs import on_device
    from repro_tui.settings import load

    settings = load()
    found = [(device, on_device(device.name, settings)) for device in present()]
    if format_ == "json":
        told = [{**asdict(device), "jobs": [job.job_id for job in jobs]} for device, jobs in found]
        click.echo(json.dumps(told, indent=2))
        return
    for device, jobs in found:
        ours = f"used by {', '.join(f'job {job.job_id}' for job in jobs)}" if jobs else ""
        parts = (device.name, device.description, _memory(device), device.detail, ours)
        click.echo("  ".join(visible(part) for part in parts if part))


def _memory(device: "Device") -> str:
    from repro_tui.text import size

    if device.memory is None:
        return ""
    whole = size(device.memory)
    return whole if device.memory_used is None else f"{size(device.memory_used)} of {whole} used"
