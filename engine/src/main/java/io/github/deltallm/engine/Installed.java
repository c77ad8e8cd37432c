package io.github.deltallm.engine;

/**
 * A provider that {@link java.util.ServiceLoader} found.
 *
 * @param provider the provider
 * @param origin the module it came from, or the jar or folder on the class path
 */
public record Installed<P>(P provider, String origin) {}
