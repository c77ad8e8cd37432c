package io.github.deltallm.benchmarks;

/**
 * How keys and values are kept. {@code @} stands for the threshold that leaves as many elements
 * unchanged as the benchmark asks for.
 */
public enum Kept {
    DENSE_F32("dense:keys=f32,values=f32"),
    DENSE_BF16("dense:keys=bf16,values=bf16"),
    DENSE_INT8("dense:keys=int8,values=int8"),
    DELTA_BF16("delta:theta=@,events=bf16,profile=none"),
    DELTA_INT8("delta:theta=@,events=int8,profile=none"),
    DELTA_BF16_VALUES("delta:theta=@,events=bf16,values=@,profile=none"),
    DELTA_INT8_VALUES("delta:theta=@,events=int8,values=@,profile=none");

    final String pattern;

    Kept(String pattern) {
        this.pattern = pattern;
    }
}
