/** Attention as sessions run it, measured alone; see {@code docs/performance.md}. */
@NullMarked
package io.github.deltallm.benchmarks;

import org.jspecify.annotations.NullMarked;
