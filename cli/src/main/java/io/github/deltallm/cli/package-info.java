/**
 * The command line: one class a command, what they share as mixins.
 *
 * <p>Results go to standard output, everything else to standard error; see {@link
 * io.github.deltallm.cli.DeltaLlm} for how a call runs and {@link io.github.deltallm.cli.Failures}
 * for exit codes.
 */
package io.github.deltallm.cli;
