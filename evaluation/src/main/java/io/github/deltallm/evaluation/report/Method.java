package io.github.deltallm.evaluation.report;

/** What the report's words mean. */
final class Method {
    private static final String[][] TERMS = {
        {
            "Score MACs skipped",
            "The share of the multiply-accumulates for attention scores, over all causal pairs of a"
                    + " query and a key, that the attention did not need: a pair costs a head's"
                    + " dimension where the key is exact, its changed channels where it is encoded,"
                    + " its nonzero channels where it is pruned, nothing where it was dropped. “In"
                    + " prompts” counts the queries of prompts, “in generation” those of generated"
                    + " tokens."
        },
        {
            "Zeros in ΔK, ΔV",
            "The share of elements of the delta matrices of keys and of values that stayed within"
                    + " their threshold of the value last stored."
        },
        {
            "Standard error, noise",
            "Differences from dense attention are taken item by item on the same items. A"
                    + " difference is within noise if its 95 % interval holds 0; with many"
                    + " comparisons, one in twenty leaves it out by chance. Differences of"
                    + " perplexities are relative."
        },
        {
            "Bits a key element",
            "Allocated bytes of the keys, exact window, sinks and anchors included, over what dense"
                    + " keys of 16 bits take, times 16."
        },
        {
            "Tokens a second beside scores",
            "What the run did, with other work beside it: no measurement of speed. Speed against"
                    + " depth is measured apart."
        },
    };

    private Method() {}

    static Markup markup() {
        Markup out = new Markup().open("section", "id", "method");
        out.element("h2", "How to read it").open("dl", "class", "terms");
        for (String[] term : TERMS) {
            out.element("dt", term[0]).element("dd", term[1]);
        }
        return out.close().close().line();
    }
}
