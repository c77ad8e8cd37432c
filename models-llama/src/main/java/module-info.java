import org.jspecify.annotations.NullMarked;

/** The Llama family of models. */
@NullMarked
module io.github.deltallm.models.llama {
    requires io.github.deltallm.api;
    requires static org.jspecify;
}
