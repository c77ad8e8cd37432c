/**
 * Small programs that use the library as its users do, each of them complete.
 *
 * <p>They take a model file as their argument; without one they open the model that comes with the
 * repository, from its root.
 */
package io.github.deltallm.examples;
