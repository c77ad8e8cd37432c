import org.jspecify.annotations.NullMarked;

/** The CPU backend: kernels on the Vector API. */
@NullMarked
module io.github.deltallm.backend.cpu {
    requires io.github.deltallm.api;
    requires jdk.incubator.vector;
    requires static org.jspecify;
}
