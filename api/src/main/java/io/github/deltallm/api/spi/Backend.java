package io.github.deltallm.api.spi;

/** An open compute device; thread-safe. Close its executables first. */
public interface Backend extends AutoCloseable {
    /** What really runs, for reports: name, device, threads, vector width. */
    String description();

    /**
     * Prepares a program for steps of up to {@code maxRows} rows. The program's tensors must stay
     * valid until the executable is closed.
     *
     * @throws io.github.deltallm.api.UnsupportedModelException if the backend lacks an operation or
     *     a tensor type; names them and the tensor
     */
    Executable compile(Program program, int maxRows);

    /**
     * From where on delta attention pays here, for models whose attention has this shape. The
     * engine asks for sessions whose attention is {@code auto}; they stay dense where it never
     * pays.
     */
    default DeltaBreakEven deltaBreakEven(HeadShape heads) {
        return DeltaBreakEven.NEVER;
    }

    @Override
    void close();
}
