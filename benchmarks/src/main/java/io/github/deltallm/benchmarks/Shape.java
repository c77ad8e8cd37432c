package io.github.deltallm.benchmarks;

import io.github.deltallm.api.spi.HeadShape;

/** The attention of models that are worth measuring. */
public enum Shape {
    /** SmolLM2-135M. */
    SMOLLM2(30, 9, 3, 64),
    /** Llama-3.2-1B. */
    LLAMA_1B(16, 32, 8, 64),
    /** BitNet-b1.58-2B-4T. */
    BITNET_2B(30, 20, 5, 128);

    private final int layers;
    private final int queryHeads;
    private final int kvHeads;
    private final int headDim;

    Shape(int layers, int queryHeads, int kvHeads, int headDim) {
        this.layers = layers;
        this.queryHeads = queryHeads;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
    }

    /** With all layers of the model. */
    HeadShape heads() {
        return heads(layers);
    }

    /** With fewer. */
    HeadShape heads(int number) {
        return new HeadShape(number, queryHeads, kvHeads, headDim);
    }
}
