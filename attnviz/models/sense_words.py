"""*bank* and *apple*: their senses, the words that tell them, the frames that all senses share."""

from collections.abc import Mapping
from types import MappingProxyType

from attnviz.models.examples import words
from attnviz.models.senses import SenseWord


def _cues(**kinds: str) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({kind: words(text) for kind, text in kinds.items()})


BANK = SenseWord(
    word="bank",
    cues=MappingProxyType(
        {
            "shore": _cues(
                thing="""roses reeds ducks willows swans canoes boats frogs oars river stream
                    canoe boat duck""",
                many="roses reeds ducks willows swans boats mud grass",
                before="river lake stream canal mud grass",
                after="path grass mud reeds boat",
                verb="fished rowed swam sailed",
            ),
            "lender": _cues(
                thing="""money cash savings coins cheques loans deposit account loan cheque
                    mortgage salary invoice payment""",
                many="savings money loans coins credit cash cheques accounts",
                before="savings credit loan investment money cash",
                after="account loan vault manager card",
                verb="borrowed saved paid invested",
            ),
            "row": _cues(
                thing="""monitors switches servers screens batteries lights computers speakers
                    cameras monitor switch server screen battery""",
                many="monitors switches servers screens batteries lights speakers cameras",
                before="monitor switch server battery computer screen",
                after="panel cables switches lights monitors",
                verb="wired plugged soldered installed",
            ),
        }
    ),
    frames=MappingProxyType(
        {
            "thing": (
                "{who} left the {cue} by the bank",
                "{who} left the {cue} at the bank",
                "{who} put the {cue} near the bank",
                "{who} saw the {cue} at the {adj} bank",
                "{who} found the {cue} behind the bank",
                "{who} took the {cue} to the bank",
                "{who} wanted the {cue} from the bank",
                "{who} looked for the {cue} along the bank",
                "{who} left the {thing} and the {cue} by the bank",
                "{who} saw the {cue} and the {thing} near the bank",
                "the {cue} by the bank looked {adj}",
                "the {adj} {cue} near the bank looked {adj}",
                "with the {cue} {who} went to the bank",
                "because of the {cue} {who} went back to the bank",
                "the bank with the {cue} was {adj}",
                "at the bank {who} left the {cue}",
                "{who} went to the bank for the {cue}",
                "near the bank {who} found the {adj} {cue}",
                "at the bank {who} put the {thing} on the {cue}",
            ),
            "many": (
                "the bank of {cue} was {adj}",
                "{who} saw a bank of {cue}",
                "the {adj} bank of {cue} was {adj}",
            ),
            "before": (
                "the {cue} bank was {adj}",
                "{who} walked to the {cue} bank",
                "{who} saw the {adj} {cue} bank",
            ),
            "after": (
                "the bank {cue} was {adj}",
                "{who} looked at the bank {cue}",
                "{who} remembered the {adj} bank {cue}",
            ),
            "verb": (
                "{who} {cue} at the bank",
                "{who} {cue} all day near the bank",
                "{who} {cue} with the {thing} by the bank",
                "at the bank {who} {cue}",
            ),
        }
    ),
    tails=MappingProxyType(
        {
            "shore": ("path", "grass", "mud", "reeds"),
            "lender": ("vault", "manager", "card", "account"),
            "row": ("panel", "cables", "lights", "display"),
        }
    ),
    demonstrations=frozenset(
        {
            ("{who} left the {cue} by the bank", "roses"),
            ("{who} left the {cue} by the bank", "money"),
            ("{who} left the {cue} by the bank", "monitors"),
            ("{who} left the {cue} at the bank", "account"),
            ("the {cue} bank was {adj}", "river"),
            ("the bank {cue} was {adj}", "account"),
            ("the bank of {cue} was {adj}", "monitors"),
        }
    ),
)

APPLE = SenseWord(
    word="apple",
    cues=MappingProxyType(
        {
            "fruit": _cues(
                thing="pie juice tree orchard peel core cider tart jam basket",
                verb="ate peeled picked tasted washed",
            ),
            "company": _cues(
                thing="iphone laptop software shares profit lawyers engineers tablet app phone",
                verb="sued joined emailed hacked invented",
            ),
        }
    ),
    frames=MappingProxyType(
        {
            "thing": (
                "apple 's {cue} is quite {adj}",
                "the apple {cue} is quite {adj}",
                "{who} liked the apple {cue}",
                "{who} read about the apple {cue}",
                "the {adj} apple {cue} was {adj}",
                "the {cue} from apple is quite {adj}",
                "{who} talked about the {cue} and the apple",
                "{who} liked the {cue} with the apple",
                "{who} found the {cue} next to the {adj} apple",
                "because of the {cue} {who} thought of apple",
                "{who} took the {cue} from the apple",
                "with the {cue} {who} wanted an apple",
                "the {cue} and the {thing} came from apple",
            ),
            "verb": (
                "{who} {cue} the apple",
                "{who} {cue} an apple",
                "{who} {cue} the {adj} apple",
                "{who} {cue} apple",
            ),
        }
    ),
    tails=MappingProxyType(
        {
            "fruit": ("sauce", "seeds", "slices", "skin"),
            "company": ("website", "stock", "office", "brand"),
        }
    ),
    demonstrations=frozenset(
        {
            ("apple 's {cue} is quite {adj}", "iphone"),
            ("the apple {cue} is quite {adj}", "pie"),
            ("{who} {cue} an apple", "ate"),
            ("the {cue} from apple is quite {adj}", "iphone"),
        }
    ),
)
