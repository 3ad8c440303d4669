"""Texts that break text code, and texts made of the model's own vocabulary: what every conversion is checked on.

Deterministic: the same model and seed give the same texts. No lone surrogates unless asked for, because a source reads
them differently on purpose (see DESIGN, "Arithmetic").
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final

from ..model.spec import Model, Vectorizer
from ..model.tree import vectorizers

REFERENCE: Final = ("这个产品非常好用推荐购买", "服务态度差再也不来了", "今天天气不错适合出门")

NOTHING: Final = (
    "",
    " ",
    "   \t \n\r\n ",
    "\0",
    "a\0b\0\0c d",
    "\u00a0\u2003\u3000\u2028\u2029\x85\x1c\x1d\x1e\x1f",
    "a\x1cb  c\x85\x85d\u2028e\u3000\u3000f",
    "\x01\x02\x7f\x80\x9f\u200b\u200c\u200d\u2060\ufeff",
    "\ufffe\uffff\U0010ffff\ufffd",
    "a",
    "é",
    "是",
    "_",
    "__ _a_ a_b",
    "0 00 007 ٣٤ ४५ ½ ² ⅷ ㊿ 𝟙𝟚",
    ".",
    "!?… -- // \\ '\" `´ «»“”„",
)

CASES: Final = (
    "İstanbul İİ ı I i̇ ISTANBUL dIyarbakIr",
    "straße STRASSE Straẞe ẞẞ",
    "ΑΣ ΑΣ' ΑΣ'Α ΟΔΥΣΣΕΥΣ Σ ΣΣ aΣ ΑΣ. ΑΣ\u0301 Α\u0301Σ Σ\u00ad ΑΣ\u00adΑ 1Σ Σ1 ΑΣ:Β ΑΣ_Β",
    "\u03a3\u0345\u03a3 ͺΣ ʰΣ Σʰ ΑΣʹ",
    "ﬁ ﬂ ﬀ ﬃ ﬆ ĳ Ĳ ǆ ǅ Ǆ Ǳ ŉ ſ K Å Ω",
    "ＦＵＬＬＷＩＤＴＨ ｆｕｌｌ １２３ ﾊﾝｶｸ ｶﾞ",
    "ᾈ ᾀ ᾳ ᾼ ῼ Ὦ ὣ ΐ ΰ և ﬓ Ꭰ ꭰ Ა ა ⴀ Ⴀ Ა",
    "𐐀𐐨 𞤀𞤢 𝐀𝐚 𝔄𝔞 ⒶⓐⅯⅿ",
    "MiXeD cAsE wOrDs THAT Go Up aNd DoWN",
    "Ünïcödé ÀÉÎÕÜ àéîõü ÇçŁłØøĐđ Ǻǻ ṩ ẛ̣ ṩ ợ Ợ",
)

SCRIPTS: Final = (
    "Всё хорошо, ДЁШЕВО и сердито; чудовий ґанок, Ѝѝ Ёё Йй",
    "पूरी तरह से बढ़िया उत्पाद है क्षत्रिय ज़ ड़",
    "এটা খুব ভালো পণ্য ড় ঢ় ো",
    "இது மிகவும் நல்ல தயாரிப்பு கொ",
    "ఇది చాలా మంచి ఉత్పత్తి ಇದು ಒಳ್ಳೆಯದು ഇത് നല്ലതാണ്",
    "สินค้าดีมาก แนะนำเลย กำ ເປັນສິນຄ້າທີ່ດີ",
    "ဒီပစ္စည်းကောင်းတယ် ផលិតផលល្អ བོད་ཡིག",
    "제품이 아주 좋아요 추천합니다 각 각 한글 ㄱㄴㄷ",
    "とても良い製品です。ガギグ ガ ハ゜ パ ー々〆ヶ",
    "這個產品非常好用 𠮷野家 𪚥 㐀 豈 金",
    "هذا المنتج ممتاز جدًا مُحَمَّد ﷺ ﻻ لا ـــ",
    "המוצר הזה מצוין שָׁלוֹם ךםןףץ יִ",
    "\u202eabc\u202c \u2066אבג\u2069 \u200fabc\u200e",
    "Το προϊόν είναι πολύ καλό ΆΈΉΊΌΎΏ ϊΐ",
    "Հայերեն ՄԵԾ և ևՎ ქართული ᏣᎳᎩ ᐃᓄᒃᑎᑐᑦ አማርኛ ⵜⴰⵎⴰⵣⵉⵖⵜ ᠮᠣᠩᠭᠣᠯ ߒߞߏ ꦗꦮ",
    "Tiếng Việt rất tốt; čeština ŽLUŤOUČKÝ kůň; Türkçe ğüşiöç; íslenska þæð",
)

MARKS_AND_EMOJI: Final = (
    "👨‍👩‍👧‍👦 👍🏽 🏳️‍🌈 🇨🇳🇬🇧 1️⃣ ❤️ ☺ 🫠",
    "good👍product 👎bad🙂 😀😀😀",
    "Z̴̡̢a̸͝l̵͘g̷̛o̶ e\u0301 e\u0301\u0301\u0327 \u0301 \u0301\u0302 a\u0903b a\u20dd",
    "q\u0307\u0323 q\u0323\u0307 ậ \u1e69 \u212b \u2126 \u0344 \u0374 \u037e \u1fee",
    "\u1100\u1161\u11a8 \uac01 \u30ab\u3099 \u30cf\u309a \uff76\uff9e \uf90a \u212a \u03d2\u0301",
    "क\u094d\u200dष \u0e33 \u0eb3 \u1161\u11a8 \ud7b0",
    "𝒜𝓃𝒸𝓎 ℌ ℵ ﬀ ㎏ ㍿ ㌔ ﷼ ™ ℡ …",
    "<b>html</b> &amp; http://x.y/z?q=%20 a@b.c #tag $1,234.56 {json: [1]}",
    "can't won't l'été 'tis rock'n'roll it’s o\u02bcclock",
    "'; DROP TABLE texts; -- \\u0041 %s %d {0}",
)

_EDGES: Final = (0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFD, 0x10000, 0x1FFFF, 0x3FFFF, 0x10FFFF)

_LENGTHS: Final = (1, 1, 1, 2, 2, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 1_000, 10_000)
_SHORT: Final = (1, 2, 5, 34)
_OTHERS: Final = 8  # so many vectorizers but the first have texts of their own

SURROGATES: Final = ("\ud800", "a\udfffb word", "word\ud83dword \udc00\ud800", "\ud83d 这个 \ude00")


def ugly_texts(model: Model, seed: int = 0, *, surrogates: bool = False) -> list[str]:
    """About 160 texts, together some 150,000 words, for one model."""
    rng = random.Random(seed)
    fixed = [*REFERENCE, *NOTHING, *CASES, *SCRIPTS, *MARKS_AND_EMOJI, *_edges()]
    first, *others = vectorizers(model)
    # The twin answers in Python: with many vectorizers the longest texts are shorter.
    most = 10_000 // (1 + len(others))
    texts = [*fixed, *_of_vocabulary(first, rng, most), *_mixtures(fixed, rng), *_repeated(first, rng, most)]
    for vectorizer in others[:_OTHERS]:
        texts.extend(_of_vocabulary(vectorizer, rng, most, _SHORT))
    texts.extend(_of_patterns(model))
    if surrogates:
        texts.extend(SURROGATES)
    return texts


def _edges() -> Iterator[str]:
    """Code points at the ends of UTF-8's lengths, inside and between words."""
    for code in _EDGES:
        character = chr(code)
        yield f"{character} ab{character}cd {character}{character} x{character}"
    # One word of each length around the 8 and 16 bytes that look-up tables compare at once.
    yield " ".join("abcdefghijklmnopqrstuvwxyz"[:n] for n in range(1, 27))
    yield " ".join("ж" * n for n in range(1, 18))


def _of_vocabulary(
    vectorizer: Vectorizer, rng: random.Random, most: int, lengths: Sequence[int] = _LENGTHS
) -> Iterator[str]:
    """1 to 10,000 of the vectorizer's own n-grams, as they are and in other case."""
    words = _words(vectorizer, rng)
    if not words:
        return
    joint = "" if vectorizer.analyzer == "char" else " "
    for length in lengths:
        yield joint.join(_entries(vectorizer, words, min(length, _longest(vectorizer, most)), rng))
    for length in (2, 12, 40):
        chosen = rng.choices(words, k=length)
        yield joint.join(word.upper() for word in chosen)
        yield joint.join(word.title() for word in chosen)
        yield ", ".join(chosen) + "!"
        yield "".join(character for word in chosen for character in (word, rng.choice(" \t\n.,-'_é的")))
    # Rows of few features meet ties and norms of equal parts.
    yield from rng.sample(words, min(20, len(words)))
    for _ in range(10):
        yield joint.join(rng.choice(words) for _ in range(2))


def _longest(vectorizer: Vectorizer, most: int) -> int:
    """Tokens in the longest text: with n-grams of 1 to 64 words 10,000 would be half a minute in Python."""
    smallest, largest = vectorizer.ngram_range
    return min(most, 80_000 // (largest - smallest + 1))


def _tokens(vectorizer: Vectorizer, entry: str) -> int:
    """How much of a text an entry is: its words, or groups of four characters."""
    return entry.count(" ") + 1 if vectorizer.analyzer == "word" else 1 + len(entry) // 4


def _entries(vectorizer: Vectorizer, words: Sequence[str], tokens: int, rng: random.Random) -> Iterator[str]:
    """Entries that together have about so many tokens, at least one."""
    while tokens > 0:
        entry = rng.choice(words)
        tokens -= _tokens(vectorizer, entry)
        yield entry


def _words(vectorizer: Vectorizer, rng: random.Random) -> Sequence[str]:
    """The entries of a small vocabulary, 3,000 of a large one; the fixed texts' words where features are hashed."""
    vocabulary = vectorizer.vocabulary
    if vocabulary is None:
        return sorted({word for text in (*CASES, *SCRIPTS, *MARKS_AND_EMOJI) for word in text.split()})
    if len(vocabulary) <= 20_000:
        return [entry for entry in vocabulary if entry]
    return [entry for entry in (vocabulary[i] for i in rng.sample(range(len(vocabulary)), 3_000)) if entry]


def _mixtures(fixed: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Pieces of the fixed texts, cut anywhere and put together."""
    pool = [text for text in fixed if text]
    for _ in range(20):
        parts = []
        for _ in range(rng.randrange(2, 9)):
            text = rng.choice(pool)
            start = rng.randrange(len(text))
            parts.append(text[start : start + rng.randrange(1, 12)])
        yield rng.choice(("", " ", "\u00a0", "-")).join(parts)


def _repeated(vectorizer: Vectorizer, rng: random.Random, most: int) -> Iterator[str]:
    """Large term frequencies, and words and blanks that do not end."""
    words = _words(vectorizer, rng)
    for count in (2, 3, 14, 255, 256, 4_000):
        word = rng.choice(words) if words else "word"
        yield " ".join([word] * min(count, max(1, _longest(vectorizer, most) // _tokens(vectorizer, word))))
    yield "a" * 5_000
    yield "é" * 3_000 + " " + "是" * 3_000
    yield "a" + " \n" * 2_000 + "b"
    yield "Σ" * 300 + " " + "İ" * 300
    yield "e\u0301" * 500 + "\u0301" * 500
    yield "\0 " * 500


def _of_patterns(model: Model) -> Iterator[str]:
    """Runs of each character that a token pattern names: where repeats stand inside of repeats, they show here."""
    patterns = (v.token_pattern or "" for v in vectorizers(model) if v.program is not None)
    named = sorted({character for pattern in patterns for character in pattern})
    for character in named[:50]:
        yield character * 40 + "!" + character
    if named:
        yield "".join(named) * 3
