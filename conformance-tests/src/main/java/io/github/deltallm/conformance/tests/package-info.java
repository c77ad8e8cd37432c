/**
 * The conformance kit for backends: extend {@link
 * io.github.deltallm.conformance.tests.BackendConformance} in a test and return your provider.
 *
 * <p>Rules are numbered and come in groups. A rule's name says whether it is <em>required</em>,
 * <em>optional</em> (tested where the backend declares the capability or accepts the program,
 * skipped with that reason where not) or <em>untested</em> (with the reason why no test can tell).
 * A skipped rule is not a passed one.
 *
 * <table>
 *   <caption>Groups</caption>
 *   <tr><td>KRN</td><td>operations alone</td></tr>
 *   <tr><td>ATT</td><td>attention as strategies declare it</td></tr>
 *   <tr><td>DLT</td><td>delta encoding, for backends with the capability {@code delta}</td></tr>
 *   <tr><td>KVC</td><td>operations on caches</td></tr>
 *   <tr><td>CNT</td><td>what attention counts</td></tr>
 *   <tr><td>MDL</td><td>whole models</td></tr>
 *   <tr><td>ERR</td><td>errors and lifecycle</td></tr>
 *   <tr><td>CON</td><td>threads</td></tr>
 * </table>
 *
 * <p>Authors of attention strategies extend {@link
 * io.github.deltallm.conformance.tests.AttentionConformance} instead, whose group is STR.
 *
 * <p>{@link io.github.deltallm.conformance.tests.Rule} lists the rules; {@code docs/conformance.md}
 * has them as a table. {@link io.github.deltallm.conformance.tests.run.ConformanceRun} runs them
 * against what is installed.
 *
 * <p>What is expected comes from formulas in fp64 in the kit itself, from the backend {@code
 * reference}, and from vectors that numpy computed. Tolerances are bounds on the rounding errors of
 * any order of summation in fp32, with Higham's {@code gamma(n) = n u / (1 - n u)}, {@code u =
 * 2^-24}; a NaN fails before anything is compared.
 */
package io.github.deltallm.conformance.tests;
