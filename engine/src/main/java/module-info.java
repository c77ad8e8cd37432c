import org.jspecify.annotations.NullMarked;

/** Registry, GGUF, tokenizers, chat templates, sampling and sessions. */
@NullMarked
module io.github.deltallm.engine {
    requires transitive io.github.deltallm.api;
    requires static org.jspecify;
}
