package io.github.deltallm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

class TextWindowsTest {
    @ParameterizedTest
    @CsvSource({"100, 32, 16", "100, 32, 1", "97, 40, 7", "33, 32, 16", "20, 32, 16", "2, 2, 1"})
    void windowsThatOverlapScoreEveryTokenButTheFirstOnce(int length, int window, int stride) {
        int[] scored = new int[length];
        for (Question question : windows(length, window, stride)) {
            Sequence sequence = question.sequences().getFirst();
            assertThat(sequence.ids().length).isLessThanOrEqualTo(window);
            for (int i = sequence.scoredFrom(); i < sequence.ids().length; i++) {
                scored[sequence.ids()[i]]++;
            }
        }
        assertThat(scored[0]).isZero();
        assertThat(Arrays.copyOfRange(scored, 1, length)).containsOnly(1);
    }

    @Test
    void windowsThatDoNotOverlapLeaveTheirFirstTokenOut() {
        assertThat(windows(10, 4, 4))
                .extracting(question -> question.sequences().getFirst().ids().length)
                .containsExactly(4, 4, 2);
        assertThat(windows(10, 4, 4))
                .extracting(question -> question.sequences().getFirst().scoredFrom())
                .containsOnly(1);
        assertThat(windows(9, 4, 4)).as("a last token alone").hasSize(2);
    }

    @Test
    void likelihoodsAreAddedUpInBlocks() {
        Question window = windows(100, 100, 100).getFirst();
        double[] tokens = new double[99];
        Arrays.fill(tokens, -2);
        Map<String, double[]> values =
                window.scorer().score(new Question.Answers(List.of(tokens), ""));

        assertThat(values.get("nll")).containsExactly(128, 70);
        assertThat(values.get("tokens")).containsExactly(64, 35);
    }

    private static List<Question> windows(int length, int window, int stride) {
        return TextWindows.of(IntStream.range(0, length).toArray(), window, stride);
    }
}
