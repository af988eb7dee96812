"""What a stated total tells about output: some providers leave reasoning out of it."""

from __future__ import annotations

from cost_mcp.capture.fields import Fields, check_parts
from cost_mcp.errors import InvalidInput

HIDDEN_OUTPUT = "The stated total is {extra} tokens above input + output; they are counted as output."


def settle_output(
    usage: Fields,
    *,
    inputs: tuple[str, int],
    outputs: tuple[str, int],
    reasoning: tuple[str, int],
    apart: bool = False,
) -> tuple[int, tuple[str, ...]]:
    """All output, reasoning included, and notes. Each argument is (path, count); a total of 0 counts as not stated.

    The total decides: input + output says that reasoning is a part of output, input + output + reasoning that it stands
    apart. What is above both was generated but not itemised (Gemini's OpenAI-compatible door hides its thinking so) and
    counts as output. Without a total, ``apart`` decides.

    Raises:
        InvalidInput: a total below its parts, or reasoning above the output that includes it.

    Source: https://docs.x.ai/docs/key-information/consumption-and-rate-limits (reasoning apart, in the total);
    https://discuss.ai.google.dev/t/question-with-usage-in-openai-compatibility/98760. Read 2026-11-22.
    """
    total = usage.count("total_tokens")
    extra = total - inputs[1] - outputs[1]
    if not total:
        output = outputs[1] + (reasoning[1] if apart else 0)
        check_parts([reasoning], (outputs[0], output))
        return output, ()
    if extra < 0:
        raise InvalidInput(
            f"{usage.at('total_tokens')} is {total}, less than {inputs[0]} + {outputs[0]} ({inputs[1] + outputs[1]}).",
            field=usage.at("total_tokens"),
            hint="Pass the provider's object as it came, of one call only.",
        )
    check_parts([reasoning], (outputs[0], outputs[1] + extra))
    notes = (HIDDEN_OUTPUT.format(extra=extra),) if extra not in {0, reasoning[1]} else ()
    return outputs[1] + extra, notes
