import org.jspecify.annotations.NullMarked;

/** The BitNet b1.58 family of models, whose projections are ternary. */
@NullMarked
module io.github.deltallm.models.bitnet {
    requires io.github.deltallm.api;
    requires static org.jspecify;

    provides io.github.deltallm.api.spi.ModelFamilyProvider with
            io.github.deltallm.models.bitnet.BitNetFamilyProvider;
}
