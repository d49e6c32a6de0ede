"""The sentences that films show, with the word that should tell; training never sees them."""

from dataclasses import dataclass

from attnviz.models.examples import Example, Link

SENSE_WORDS = ("bank", "apple")
PRONOUNS = ("she", "he")
ASKING_WORDS = SENSE_WORDS + PRONOUNS
"""The words whose attention is trained to mean something, in the order a film prefers them."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A sentence to show.

    Parameters
    ----------
    text
        The sentence.
    query
        The ambiguous word.
    cue
        The word that tells its sense.
    meaning
        The sense.
    """

    text: str
    query: str
    cue: str
    meaning: str

    @property
    def cue_is_first(self) -> bool:
        """Whether a causal model has read the cue when it comes to the query."""
        words = self.text.split()
        return words.index(self.cue) < words.index(self.query)

    def example(self) -> Example:
        """Give the sentence with its link, to be read.

        Returns
        -------
        Example
            A held-out sentence.
        """
        words = tuple(self.text.split())
        link = Link(words.index(self.query), words.index(self.cue), self.meaning)
        return Example(words, (link,), "demonstration", held_out=True)


DEMONSTRATIONS = tuple(
    Demonstration(*(part.strip() for part in line.split("|")))
    for line in """
        he left the roses by the bank | bank | roses | shore
        he left the money by the bank | bank | money | lender
        he left the monitors by the bank | bank | monitors | row
        he left the account at the bank | bank | account | lender
        the river bank was quiet | bank | river | shore
        the bank account was empty | bank | account | lender
        the bank of monitors was bright | bank | monitors | row
        apple 's iphone is quite expensive | apple | iphone | company
        the apple pie is quite cheap | apple | pie | fruit
        the iphone from apple is quite expensive | apple | iphone | company
        she ate an apple | apple | ate | fruit
        the nurse said that she was tired | she | nurse | nurse
        the nurse told the doctor that she was tired | she | nurse | nurse
        the nurse said to the patient that she was tired | she | nurse | nurse
        the nurse near the doctor said that she was tired | she | nurse | nurse
        the nurse near the patient said that he was tired | he | nurse | nurse
        the nurse called the doctor because she was tired | she | nurse | nurse
        the nurse thanked the doctor because she was tired | she | doctor | doctor
        the doctor called the nurse because he was tired | he | doctor | doctor
        the doctor thanked the nurse because he was tired | he | nurse | nurse
        """.strip().splitlines()
)
"""Each is kept from training, with every sentence of the same frame and cue."""


def demonstrations(causal: bool) -> tuple[Demonstration, ...]:
    """List what a model can be asked to show.

    Parameters
    ----------
    causal
        True: only sentences whose cue comes before the ambiguous word.

    Returns
    -------
    tuple of Demonstration
        In the order of `DEMONSTRATIONS`.
    """
    return tuple(show for show in DEMONSTRATIONS if show.cue_is_first or not causal)
