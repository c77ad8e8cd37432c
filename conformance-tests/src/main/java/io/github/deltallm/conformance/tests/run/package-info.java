/**
 * Runs the kits against what is installed, for people who write no Java: {@link
 * io.github.deltallm.conformance.tests.run.ConformanceRun}.
 *
 * <p>Rules run in a JVM of their own, one after the other. A backend that hangs or takes the whole
 * process down fails the rule that was running; the others run in the next JVM.
 */
@NullMarked
package io.github.deltallm.conformance.tests.run;

import org.jspecify.annotations.NullMarked;
