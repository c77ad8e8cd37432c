package io.github.deltallm.cli;

/** Where the launcher enters. */
final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(DeltaLlm.run(Streams.ofProcess(), args));
    }
}
