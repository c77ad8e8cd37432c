package io.github.deltallm.api.spi;

/**
 * A named activation of a {@link Program}: {@code [rows of the step, width]} fp32 values, wherever
 * a backend keeps them.
 *
 * @param id its place among the program's values
 * @param name for messages and profiles
 * @param width values a row
 */
public record Value(int id, String name, int width) {}
