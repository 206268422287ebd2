"""`repro-tui devices`: what this machine offers."""

import json

import click

from repro_tui.text import visible


@click.command()
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def devices(format_: str) -> None:
    """List the devices that a run can be re-executed on."""
    from dataclasses import asdict

    from repro_tui.rerun.devices import devices as present
    from repro_tui.text import size

    if format_ == "json":
        click.echo(json.dumps([asdict(device) for device in present()], indent=2))
        return
    for device in present():
        memory = size(device.memory) if device.memory is not None else ""
        parts = (device.name, device.description, memory, device.detail)
        click.echo("  ".join(visible(part) for part in parts if part))
