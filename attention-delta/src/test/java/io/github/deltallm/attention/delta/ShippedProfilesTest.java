package io.github.deltallm.attention.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.ModelIdentity;

import org.junit.jupiter.api.Test;

import java.util.List;

/** Profiles that come with the module. */
class ShippedProfilesTest {
    private static final ShippedProfiles TWO =
            new ShippedProfiles(ShippedProfilesTest.class, "test-profiles");
    private static final DeltaAttentionProvider DELTA = new DeltaAttentionProvider(TWO);
    private static final ModelIdentity ONE = new Contexts.Model(1000, "a");
    private static final ModelIdentity OTHER = new Contexts.Model(1000, "b");
    private static final ModelIdentity NEITHER = new Contexts.Model(1000, "c");

    private static AttentionStrategy create(String spec, ModelIdentity model) {
        return DELTA.create(AttentionSpec.parse(spec), Contexts.of(model));
    }

    @Test
    void aModelGetsItsProfileUnlessToldOtherwise() {
        assertThat(create("delta", ONE).spec())
                .hasToString(
                        "delta:theta=1.4,mode=sliding,window=12%,min-window=32,sinks=0,values=off,"
                                + "events=bf16,profile=default");
        assertThat(create("delta:values=1", OTHER).spec())
                .hasToString(
                        "delta:theta=1.8,mode=sliding,window=5%,min-window=32,sinks=0,values=1.0,"
                                + "events=bf16,profile=default");
        assertThat(create("delta", NEITHER).spec().setting("profile")).hasValue("none");
    }

    @Test
    void whatIsReportedMakesTheSameStrategy() {
        AttentionStrategy strategy = create("delta:window=9", ONE);
        assertThat(create(strategy.spec().toString(), ONE)).isEqualTo(strategy);
    }

    @Test
    void thetaAloneMeansOneThresholdForAll() {
        AttentionStrategy plain = create("delta:theta=1.4", ONE);
        assertThat(plain.spec().setting("profile")).hasValue("none");
        assertThat(plain.spec().setting("window")).hasValue("5%");
        assertThat(((Delta) plain.keys(0, 0)).thresholds()).containsExactly(1.4f);
    }

    @Test
    void thetaWithTheDefaultProfileScalesIt() {
        AttentionStrategy scaled = create("delta:theta=2,profile=default", ONE);
        assertThat(((Delta) scaled.keys(0, 0)).thresholds()).containsExactly(0.25f, 0.5f, 1, 2);
    }

    @Test
    void theProfileCanBeForbidden() {
        AttentionStrategy plain = create("delta:profile=none", ONE);
        assertThat(((Delta) plain.keys(0, 0)).thresholds()).containsExactly(1);
    }

    @Test
    void demandingAProfileThatIsNotThereIsAnError() {
        assertThatThrownBy(() -> create("delta:profile=default", NEITHER))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("no profile", "deltallm calibrate");
    }

    @Test
    void aModelOfAnotherSizeIsNotHashed() {
        ModelIdentity large =
                new ModelIdentity() {
                    @Override
                    public long size() {
                        return 1L << 40;
                    }

                    @Override
                    public String sha256() {
                        throw new AssertionError("hashed");
                    }
                };
        assertThat(create("delta", large).spec().setting("profile")).hasValue("none");
    }

    @Test
    void everyProfileThatIsShippedIsForTheModelOfTheIndex() {
        for (ShippedProfiles shipped : List.of(ShippedProfiles.INSTALLED, TWO)) {
            for (ShippedProfiles.Entry entry : shipped.index()) {
                Profile profile = shipped.read(entry);
                assertThat(profile.modelSha256()).as("%s", entry).isEqualTo(entry.sha256());
                assertThat(profile.modelBytes()).as("%s", entry).isEqualTo(entry.bytes());
            }
        }
        assertThat(TWO.index())
                .extracting(ShippedProfiles.Entry::name)
                .containsExactly("one.json", "other.json");
    }
}
