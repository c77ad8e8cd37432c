package io.github.deltallm.engine;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.ModelDefinition;
import io.github.deltallm.api.spi.ModelFamilyProvider;
import io.github.deltallm.api.spi.ModelIdentity;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.gguf.GgufFile;
import io.github.deltallm.engine.tokenizer.Tokenizer;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An open model, ready to run on one backend: immutable, shared by any number of threads and
 * sessions.
 *
 * <p>Closing it releases the mapped file and the backend; close its sessions first.
 */
public final class Model implements AutoCloseable {
    private static final AttentionSpec DENSE = AttentionSpec.parse("dense");

    private final GgufFile file;
    private final ModelDefinition definition;
    private final Providers providers;
    private final BackendChoice.Opened backend;
    private final Executable executable;
    private final ModelOptions options;
    private final Prompts prompts;

    private Model(
            GgufFile file,
            ModelDefinition definition,
            Providers providers,
            BackendChoice.Opened backend,
            Executable executable,
            ModelOptions options) {
        this.file = file;
        this.definition = definition;
        this.providers = providers;
        this.backend = backend;
        this.executable = executable;
        this.options = options;
        prompts = new Prompts(file, definition.vocabulary());
    }

    /** Opens a GGUF file with the providers installed. */
    public static Model open(Path path, ModelOptions options) {
        return open(path, options, Providers.installed());
    }

    /**
     * Opens a GGUF file.
     *
     * @throws ModelFormatException if the file is damaged or contradicts itself
     * @throws io.github.deltallm.api.UnsupportedModelException if nothing installed can run it
     * @throws io.github.deltallm.api.UnavailableException if the backend can't work here
     */
    public static Model open(Path path, ModelOptions options, Providers providers) {
        GgufFile file = GgufFile.open(path);
        BackendChoice.Opened backend = null;
        try {
            ModelDefinition definition = define(file, providers);
            checkContext(definition, options);
            backend =
                    new BackendChoice(providers)
                            .open(
                                    options.backend(),
                                    new BackendOptions(
                                            options.threads(),
                                            options.precision(),
                                            options.device()));
            int rows = Math.min(options.chunk(), context(definition, options));
            Executable executable = compile(file, definition, backend, rows);
            return new Model(file, definition, providers, backend, executable, options);
        } catch (Throwable failure) {
            if (backend != null) {
                backend.backend().close();
            }
            file.close();
            throw failure;
        }
    }

    private static Executable compile(
            GgufFile file, ModelDefinition definition, BackendChoice.Opened backend, int rows) {
        try {
            return backend.backend().compile(definition.program(), rows);
        } catch (ModelFormatException e) {
            throw new ModelFormatException(file.name() + ": " + e.getMessage(), e);
        }
    }

    private static ModelDefinition define(GgufFile file, Providers providers) {
        String architecture = file.metadata().requireText("general.architecture");
        if (file.tensors().isEmpty()) {
            throw new ModelFormatException(
                    file.name()
                            + ": the file holds a vocabulary but no tensors; it can tokenize, not"
                            + " run");
        }
        ModelFamilyProvider family = providers.family(architecture, file.name());
        try {
            return family.define(file);
        } catch (IllegalArgumentException e) {
            throw new ModelFormatException(
                    file.name() + ": the model contradicts itself: " + e.getMessage(), e);
        }
    }

    private static void checkContext(ModelDefinition definition, ModelOptions options) {
        if (options.context() > definition.contextLength()) {
            throw new InvalidOptionException(
                    "a context of "
                            + options.context()
                            + " tokens is more than the model was trained for, "
                            + definition.contextLength());
        }
    }

    private static int context(ModelDefinition definition, ModelOptions options) {
        return options.context() == 0 ? definition.contextLength() : options.context();
    }

    /** The file's path. */
    public String name() {
        return file.name();
    }

    /** The value of {@code general.architecture}. */
    public String architecture() {
        return definition.architecture();
    }

    /** Number of tokens, and of logits. */
    public int vocabulary() {
        return definition.vocabulary();
    }

    /** The longest sequence. */
    public int context() {
        return context(definition, options);
    }

    /** Layers, heads and their size. */
    public HeadShape heads() {
        return definition.program().heads();
    }

    /** The name of the backend that runs it. */
    public String backend() {
        return backend.name();
    }

    /** What the backend says of itself: device, threads, vector width. */
    public String backendDescription() {
        return backend.backend().description();
    }

    /** Bytes of the model file. */
    public long fileBytes() {
        return file.size();
    }

    /**
     * The tokenizer; read from the file when first asked for.
     *
     * @throws ModelFormatException if the file has none
     */
    public Tokenizer tokenizer() {
        return prompts.tokenizer();
    }

    /** Whether the file has a chat template. */
    public boolean hasChatTemplate() {
        return prompts.hasTemplate();
    }

    /**
     * The tokens of a conversation, as the model's chat template lays it out, ending where the
     * assistant's answer begins. Only the template's own text is parsed for special tokens; the
     * messages never are.
     *
     * @throws InvalidOptionException if the file has no chat template
     */
    public int[] chatPrompt(List<ChatMessage> messages) {
        return prompts.chat(messages);
    }

    /** The tokens of a text, special tokens parsed, BOS added where the model wants it. */
    public int[] rawPrompt(String text) {
        return prompts.raw(text);
    }

    /**
     * The attention that runs for a specification; for {@code auto}, the dense one that short
     * sessions have, see {@link Session}.
     *
     * @throws InvalidOptionException if there is no such attention or a setting makes no sense
     */
    public AttentionStrategy attention(AttentionSpec spec) {
        AttentionSpec chosen = AutoAttention.isAskedFor(spec) ? DENSE : spec;
        return providers
                .attention(chosen.name())
                .create(chosen, new AttentionProvider.Context(heads(), file, storePrecision()));
    }

    /**
     * Keys and values are never kept more coarsely than the weights: f32 weights mean f32 stores.
     */
    private Precision storePrecision() {
        boolean floats = file.tensors().stream().allMatch(t -> t.type() == TensorType.F32);
        return floats ? Precision.F32 : options.precision();
    }

    /** An empty session with the attention {@code auto}. */
    public Session newSession() {
        return newSession(AutoAttention.SPEC);
    }

    /** An empty session. */
    public Session newSession(AttentionSpec spec) {
        AttentionStrategy first = attention(spec);
        KvCache cache = executable.newCache(first, context());
        return new Session(
                this,
                AutoAttention.isAskedFor(spec)
                        ? SessionCache.automatic(executable, automatic(first), cache)
                        : SessionCache.fixed(executable, spec, cache),
                new int[0]);
    }

    /** An empty session with a strategy of one's own. */
    public Session newSession(AttentionStrategy strategy) {
        KvCache cache = executable.newCache(strategy, context());
        return new Session(
                this, SessionCache.fixed(executable, strategy.spec(), cache), new int[0]);
    }

    private AutoAttention automatic(AttentionStrategy dense) {
        return new AutoAttention(
                dense,
                () -> attention(AutoAttention.DELTA),
                backend.backend().deltaBreakEven(heads()));
    }

    /**
     * The cache of a saved session.
     *
     * @param asked the attention to go on with; {@code auto} keeps a delta stream as it is
     * @param saved the attention that it was saved with
     */
    SessionCache restore(
            AttentionSpec asked, AttentionSpec saved, int declared, KvStream.Source source) {
        AttentionStrategy strategy = attention(asked);
        if (!AutoAttention.isAskedFor(asked)) {
            return SessionCache.fixed(
                    executable, asked, executable.restore(strategy, context(), declared, source));
        }
        AutoAttention auto = automatic(strategy);
        boolean encoded = saved.name().equals(AutoAttention.DELTA.name());
        if (encoded) {
            strategy = attention(saved);
            auto.settle(Optional.empty());
        }
        return SessionCache.automatic(
                executable, auto, executable.restore(strategy, context(), declared, source));
    }

    /**
     * A session as {@link Session#save} wrote it, by any backend; its logits are there after the
     * next append.
     *
     * @param spec the attention to go on with; empty for the saved session's, be it {@code auto}
     * @throws ModelFormatException if the file is damaged or belongs to another model
     */
    public Session restore(Path saved, Optional<AttentionSpec> spec) {
        return SessionFile.read(saved, this, spec);
    }

    /** The forward pass as the model's family recorded it, for what looks inside a model. */
    public Program program() {
        return definition.program();
    }

    /**
     * Prepares another program over the model's tensors, on the model's backend and for steps of
     * the model's chunk; to be closed before the model.
     *
     * @throws io.github.deltallm.api.UnsupportedModelException if the backend lacks an operation
     */
    public Executable compile(Program other) {
        return backend.backend().compile(other, executable.maxRows());
    }

    /** Which file it is. */
    public ModelIdentity identity() {
        return file;
    }

    @Override
    public void close() {
        try {
            executable.close();
        } finally {
            try {
                backend.backend().close();
            } finally {
                file.close();
            }
        }
    }

    void requireKnown(int[] ids) {
        for (int id : ids) {
            requireKnown(id);
        }
    }

    void requireKnown(int id) {
        if (id < 0 || id >= vocabulary()) {
            throw new InvalidOptionException(
                    "token " + id + " is outside the vocabulary of " + vocabulary());
        }
    }

    Executable executable() {
        return executable;
    }

    GgufFile file() {
        return file;
    }
}
