package io.github.deltallm.conformance.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.launcher.TagFilter.includeTags;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A kit that can't fail proves nothing: each defect fails the rule that names it. */
class SabotageTest {
    /**
     * A defect and the rule that has to find it.
     *
     * @param kit the kit against a backend with the defect
     */
    record Case(Class<?> kit, String rule) {
        @Override
        public String toString() {
            return kit.getSimpleName() + " fails " + rule;
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case(Sabotaged.DroppedTail.class, "KRN-02"),
                new Case(Sabotaged.UnroundedActivations.class, "KRN-05"),
                new Case(Sabotaged.LeakedNan.class, "KRN-06"),
                new Case(Sabotaged.HiddenNan.class, "KRN-06"),
                new Case(Sabotaged.WrongPairing.class, "KRN-12"),
                new Case(Sabotaged.RepeatedRow.class, "KRN-20"),
                new Case(Sabotaged.ShortSums.class, "KRN-21"),
                new Case(Sabotaged.HalvesAwayFromZero.class, "KRN-22"),
                new Case(Sabotaged.ZeroByZero.class, "KRN-23"),
                new Case(Sabotaged.FirstScaleForAll.class, "KRN-24"),
                new Case(Sabotaged.SwappedNibbles.class, "KRN-01"),
                new Case(Sabotaged.SwappedNibbles.class, "KRN-30"),
                new Case(Sabotaged.WrongPairing.class, "KRN-31"),
                new Case(Sabotaged.UnroundedActivations.class, "KRN-32"),
                new Case(Sabotaged.SwappedGroups.class, "ATT-02"),
                new Case(Sabotaged.WindowOffByOne.class, "ATT-03"),
                new Case(Sabotaged.UnroundedRows.class, "ATT-04"),
                new Case(Sabotaged.LeakedNan.class, "ATT-07"),
                new Case(Sabotaged.SwappedGroups.class, "ATT-11"),
                new Case(Sabotaged.SwappedGroups.class, "ATT-12"),
                new Case(Sabotaged.TransmittedTies.class, "DLT-08"),
                new Case(Sabotaged.OpenLoop.class, "DLT-01"),
                new Case(Sabotaged.ChunksShow.class, "DLT-02"),
                new Case(Sabotaged.OpenLoop.class, "DLT-03"),
                new Case(Sabotaged.TripledThresholds.class, "DLT-04"),
                new Case(Sabotaged.TransmittedTies.class, "DLT-10"),
                new Case(Sabotaged.OpenLoop.class, "DLT-10"),
                new Case(Sabotaged.OpenLoop.class, "DLT-11"),
                new Case(Sabotaged.TripledThresholds.class, "DLT-12"),
                new Case(Sabotaged.TripledThresholds.class, "DLT-14"),
                new Case(Sabotaged.IgnoredSigma.class, "DLT-17"),
                new Case(Sabotaged.FirstHeadForAll.class, "DLT-19"),
                new Case(Sabotaged.OpenLoop.class, "DLT-20"),
                new Case(Sabotaged.WindowOffByOne.class, "DLT-21"),
                new Case(Sabotaged.TripledThresholds.class, "DLT-22"),
                new Case(Sabotaged.ReferenceNotUpdated.class, "DLT-01"),
                new Case(Sabotaged.ReferenceNotUpdated.class, "DLT-03"),
                new Case(Sabotaged.ResetAccumulator.class, "DLT-04"),
                new Case(Sabotaged.OpenLoop.class, "DLT-30"),
                new Case(Sabotaged.ReferenceNotUpdated.class, "DLT-30"),
                new Case(Sabotaged.TransmittedTies.class, "DLT-30"),
                new Case(Sabotaged.ResetAccumulator.class, "DLT-31"),
                new Case(Sabotaged.TripledThresholds.class, "DLT-31"),
                new Case(Sabotaged.ResetAccumulator.class, "DLT-32"),
                new Case(Sabotaged.WindowOffByOne.class, "DLT-32"),
                new Case(Sabotaged.SharedFork.class, "KVC-02"),
                new Case(Sabotaged.StaleRows.class, "KVC-04"),
                new Case(Sabotaged.KeptMemory.class, "KVC-11"),
                new Case(Sabotaged.WindowOffByOne.class, "KVC-12"),
                new Case(Sabotaged.ReachesBack.class, "KVC-14"),
                new Case(Sabotaged.FixedWindow.class, "KVC-14"),
                new Case(Sabotaged.ReachesBack.class, "KVC-15"),
                new Case(Sabotaged.FixedWindow.class, "KVC-16"),
                new Case(Sabotaged.ReachesBack.class, "KVC-17"),
                new Case(Sabotaged.StaleSteps.class, "KVC-19"),
                new Case(Sabotaged.IgnoredSigma.class, "KVC-20"),
                new Case(Sabotaged.TripledThresholds.class, "KVC-21"),
                new Case(Sabotaged.AcceptedDamage.class, "KVC-22"),
                new Case(Sabotaged.StaleRows.class, "KVC-24"),
                new Case(Sabotaged.LeakedBuffer.class, "KVC-26"),
                new Case(Sabotaged.OneStage.class, "CNT-01"),
                new Case(Sabotaged.WindowOffByOne.class, "CNT-01"),
                new Case(Sabotaged.StaleCounts.class, "CNT-01"),
                new Case(Sabotaged.DoubledCounts.class, "CNT-02"),
                new Case(Sabotaged.ForgottenCounts.class, "CNT-03"),
                new Case(BrokenStrategies.IncompleteSpec.class, "STR-02"),
                new Case(BrokenStrategies.AnySetting.class, "STR-03"),
                new Case(BrokenStrategies.AnyValue.class, "STR-04"),
                new Case(BrokenStrategies.Impure.class, "STR-05"),
                new Case(BrokenStrategies.NanThreshold.class, "STR-06"),
                new Case(BrokenStrategies.BeyondTheQuery.class, "STR-07"),
                new Case(BrokenStrategies.OutsideTheWindow.class, "STR-08"),
                new Case(BrokenStrategies.FallingWindow.class, "STR-09"),
                new Case(BrokenStrategies.OutsideTheWindow.class, "STR-10"),
                new Case(BrokenStrategies.OtherThresholds.class, "STR-11"),
                new Case(BrokenStrategies.OtherScale.class, "STR-12"),
                new Case(Sabotaged.WrongScale.class, "MDL-01"),
                new Case(Sabotaged.OtherGate.class, "MDL-05"),
                new Case(Sabotaged.RepeatedRow.class, "MDL-05"),
                new Case(Sabotaged.NextScale.class, "MDL-06"),
                new Case(Sabotaged.TripledThresholds.class, "MDL-07"),
                new Case(Sabotaged.WrongPairing.class, "MDL-08"),
                new Case(Sabotaged.HalfARun.class, "ERR-05"),
                new Case(Sabotaged.KeptDeclaration.class, "ERR-12"),
                new Case(Sabotaged.AnyNumber.class, "ERR-13"),
                new Case(Sabotaged.LeakedFile.class, "ERR-14"),
                new Case(Sabotaged.AnyOrder.class, "CON-01"),
                new Case(Sabotaged.SplitByThreads.class, "CON-02"),
                new Case(Sabotaged.AnyOrder.class, "CON-03"),
                new Case(Sabotaged.ClosesAtOnce.class, "CON-04"));
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.MethodSource("cases")
    void defectFailsTheRuleThatNamesIt(Case sabotage) {
        assertThat(failedRules(sabotage.kit(), sabotage.rule())).contains(sabotage.rule());
    }

    @Test
    void soundStrategyFailsNoRule() {
        assertThat(failedRules(BrokenStrategies.NothingBroken.class, "STR")).isEmpty();
    }

    /** The numbers of the rules that fail, of those that begin with {@code prefix}. */
    private static Set<String> failedRules(Class<?> kit, String prefix) {
        LauncherDiscoveryRequest request =
                LauncherDiscoveryRequestBuilder.request()
                        .selectors(selectClass(kit))
                        .filters(includeTags(prefix.substring(0, 3)), rules(prefix))
                        .build();
        FailedRules failed = new FailedRules();
        LauncherFactory.create(
                        LauncherConfig.builder()
                                .enableTestExecutionListenerAutoRegistration(false)
                                .build())
                .execute(request, failed);
        return failed.rules;
    }

    private static PostDiscoveryFilter rules(String prefix) {
        return found ->
                FilterResult.includedIf(
                        found.getSource().filter(MethodSource.class::isInstance).isEmpty()
                                || found.getDisplayName().startsWith(prefix));
    }

    private static final class FailedRules implements TestExecutionListener {
        private static final Pattern RULE = Pattern.compile("[A-Z]{3}-\\d\\d");

        private final Set<String> rules = new ConcurrentSkipListSet<>();
        private TestPlan plan;

        @Override
        public void testPlanExecutionStarted(TestPlan started) {
            plan = started;
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            if (result.getStatus() == TestExecutionResult.Status.FAILED) {
                for (var at = Optional.of(test); at.isPresent(); at = plan.getParent(at.get())) {
                    Matcher rule = RULE.matcher(at.get().getDisplayName());
                    if (rule.find()) {
                        rules.add(rule.group());
                    }
                }
            }
        }
    }
}
