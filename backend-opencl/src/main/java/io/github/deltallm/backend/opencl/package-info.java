/**
 * The OpenCL backend.
 *
 * <p>Classes that begin with {@code Cl} are the binding: {@code ClLibrary} finds the library,
 * {@code ClFunctions} has its functions as Java methods, and the others are one OpenCL object each,
 * closed by who opened it. Addresses, handles and sizes are longs: the binding is for 64-bit
 * systems, as the JDK's own is.
 *
 * <p>An {@code OpenClExecutable} is a list of {@code Launch}es, made once for a program; each has
 * kernels of its own whose arguments are set when it is made, so that a step sets only what
 * changes. Weights lie on the device as the file has them and are decoded inside the kernels.
 */
@NullMarked
package io.github.deltallm.backend.opencl;

import org.jspecify.annotations.NullMarked;
