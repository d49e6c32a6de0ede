"""Tiny models of transformers with random weights, saved to folders with their tokenizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

TEXT = "He left the roses by the bank of the river."
OTHER = "The nurse was reading."
MOST_TOKENS = 43

_CORPUS = (
    "he left the roses by the bank of the river .",
    "she left a rose by the river and the bank was closed .",
    "the nurses were reading , and the reader left the bank .",
    "roses and rivers , banks and nurses , reading by the river .",
) * 20
_QUIET = {"show_progress": False}


def wordpiece() -> Any:
    """Return a tokenizer like BERT's: ``##s`` goes on with a word."""
    ends = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]"}
    ends |= {"sep_token": "[SEP]", "mask_token": "[MASK]"}
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.train_from_iterator(
        _CORPUS,
        trainers.WordPieceTrainer(vocab_size=73, special_tokens=list(ends.values()), **_QUIET),
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, made.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    return _wrapped(made, ends, ["input_ids", "token_type_ids", "attention_mask"])


def byte_pairs(*ends: str) -> Any:
    """Return a tokenizer like GPT-2's: ``Ġthe`` has a space before it."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    named = ends or ("<|endoftext|>",)
    made.train_from_iterator(
        _CORPUS,
        trainers.BpeTrainer(
            vocab_size=331,
            special_tokens=list(named),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            **_QUIET,
        ),
    )
    if not ends:
        return _wrapped(made, {"unk_token": named[0], "eos_token": named[0]})
    first, _, last = ends
    made.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        special_tokens=[(name, made.token_to_id(name)) for name in (first, last)],
    )
    return _wrapped(made, {"bos_token": first, "pad_token": ends[1], "eos_token": last})


def unigram(single: str = "$A </s>") -> Any:
    """Return a tokenizer like T5's and Llama's: ``▁the`` begins a word."""
    ends = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>", "bos_token": "<s>"}
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.train_from_iterator(
        _CORPUS,
        trainers.UnigramTrainer(
            vocab_size=53, special_tokens=list(ends.values()), unk_token="<unk>", **_QUIET
        ),
    )
    names = [name for name in ("<s>", "</s>") if name in single]
    made.post_processor = processors.TemplateProcessing(
        single=single, special_tokens=[(name, made.token_to_id(name)) for name in names]
    )
    return _wrapped(made, ends)


def _wrapped(made: Tokenizer, ends: Mapping[str, str], inputs: list[str] | None = None) -> Any:
    from transformers import PreTrainedTokenizerFast

    names = inputs or ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_object=made, model_max_length=MOST_TOKENS, model_input_names=names, **ends
    )


def bert() -> tuple[Any, Any]:
    from transformers import BertConfig, BertForMaskedLM

    tokenizer = wordpiece()
    sizes = {"hidden_size": 33, "num_hidden_layers": 2, "num_attention_heads": 3}
    sizes |= {"intermediate_size": 37, "max_position_embeddings": MOST_TOKENS}
    return BertForMaskedLM(BertConfig(vocab_size=len(tokenizer), **sizes)), tokenizer


def distilbert() -> tuple[Any, Any]:
    from transformers import DistilBertConfig, DistilBertForMaskedLM

    tokenizer = wordpiece()
    config = DistilBertConfig(
        vocab_size=len(tokenizer),
        dim=33,
        n_layers=2,
        n_heads=3,
        hidden_dim=37,
        max_position_embeddings=MOST_TOKENS,
    )
    return DistilBertForMaskedLM(config), tokenizer


def gpt2() -> tuple[Any, Any]:
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = byte_pairs()
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=MOST_TOKENS, n_embd=33, n_layer=2, n_head=3
    )
    return GPT2LMHeadModel(config), tokenizer


def llama() -> tuple[Any, Any]:
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = unigram("<s> $A")
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=66,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=10,
        max_position_embeddings=MOST_TOKENS,
    )
    return LlamaForCausalLM(config), tokenizer


def t5() -> tuple[Any, Any]:
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer = unigram()
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=33,
        d_kv=7,
        d_ff=37,
        num_layers=2,
        num_heads=3,
        relative_attention_num_buckets=11,
        decoder_start_token_id=tokenizer.pad_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return T5ForConditionalGeneration(config), tokenizer


def bart() -> tuple[Any, Any]:
    from transformers import BartConfig, BartForConditionalGeneration

    tokenizer = byte_pairs("<s>", "<pad>", "</s>")
    sides = {
        f"{side}_{name}": size
        for side in ("encoder", "decoder")
        for name, size in (("layers", 2), ("attention_heads", 3), ("ffn_dim", 37))
    }
    config = BartConfig(
        vocab_size=len(tokenizer),
        d_model=33,
        max_position_embeddings=MOST_TOKENS,
        scale_embedding=True,
        bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=tokenizer.eos_token_id,
        **sides,
    )
    return BartForConditionalGeneration(config), tokenizer


BUILDERS: Mapping[str, Callable[[], tuple[Any, Any]]] = MappingProxyType(
    {made.__name__: made for made in (bert, distilbert, gpt2, llama, t5, bart)}
)


def build(kind: str, folder: Path) -> Path:
    """Save a tiny model of a kind, its weights drawn anew, and its tokenizer."""
    torch.manual_seed(7)
    model, tokenizer = BUILDERS[kind]()
    with torch.no_grad():
        for weight in model.parameters():
            # Far from the library's own start, at which all attention is even and biases are 0.
            weight.add_(torch.randn_like(weight), alpha=0.3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
