/** The engine's own attention strategy: dense, the baseline of all others. */
package io.github.deltallm.engine.attention;
