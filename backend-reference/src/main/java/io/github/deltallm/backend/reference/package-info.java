/**
 * The backend that is read instead of measured: every operation of the contract as plain loops over
 * Java arrays.
 *
 * <p>Sums are accumulated in fp64 wherever the contract says "fp32 or better", weights are decoded
 * once, and nothing is ever dropped from a cache. Results do not depend on the number of threads.
 */
package io.github.deltallm.backend.reference;
