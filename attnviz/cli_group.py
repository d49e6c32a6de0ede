"""The group of commands, one of which films scenes and may be left out."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from attnviz.cli import SceneName
from attnviz.render import catalogue


class SceneGroup(click.Group):
    """Commands, one of which (``default``) may be left out: its arguments are the scenes' names."""

    def __init__(self, *args: Any, default: str, **options: Any) -> None:
        options["invoke_without_command"] = True
        super().__init__(*args, **options)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find the command; where there is none, the words are scenes."""
        flags = {name for param in self.get_params(ctx) for name in param.opts}
        first = next((word for word in args if word != "--debug"), "")
        if first in self.commands:
            args.remove(first)
            args.insert(0, first)
        elif args and args[0] not in flags:
            args.insert(0, self.default)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the scenes and the default command's options before the other commands."""
        scenes = [(ref.name, catalogue.summary(ref)) for ref in catalogue.listed()]
        with formatter.section("Scenes"):
            formatter.write_dl([*scenes, ("path/to/file.py:ClassName", "A scene of your own.")])
        default = self.commands[self.default]
        options = [param for param in default.get_params(ctx) if isinstance(param, click.Option)]
        records = [option.get_help_record(ctx) for option in options]
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record])
        self.format_commands(ctx, formatter)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Name the scenes first: they are what the command is for."""
        return ["SCENE… [OPTIONS]", "|", "COMMAND …"]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the commands, the scenes and the default command's options."""
        offered = super().shell_complete(ctx, incomplete)
        default = self.commands[self.default]
        with click.Context(default, parent=ctx, info_name=self.default) as inner:
            offered += SceneName().shell_complete(inner, default.params[0], incomplete)
            known = {item.value for item in offered}
            more = default.shell_complete(inner, incomplete)
            return offered + [item for item in more if item.value not in known]


class SceneCommand(click.Command):
    """The default command: its help is the group's."""

    def get_help(self, ctx: click.Context) -> str:
        """Return the group's help."""
        return ctx.parent.get_help() if ctx.parent else super().get_help(ctx)
