/**
 * The TornadoVM backend: kernels as static Java methods that TornadoVM compiles for the devices it
 * finds, a few task graphs, and all state of sequences on the device.
 */
@org.jspecify.annotations.NullMarked
package io.github.deltallm.backend.tornado;
