package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

class LabelsTest {
    private static final Box AREA = new Box(10, 10, 300, 200);

    @Test
    void aFreeLabelStandsAboveItsPoint() {
        Box box = new Labels(AREA, 12).beside(150, 100, 8, "θ 1.0").orElseThrow();
        assertThat(box.bottom()).isEqualTo(92);
        assertThat(box.x() + box.width() / 2).isEqualTo(150);
    }

    @Test
    void aTakenPlaceIsAvoided() {
        Labels labels = new Labels(AREA, 12);
        labels.takeLine(10, 80, 310, 80);
        Box box = labels.beside(150, 100, 8, "θ 1.0").orElseThrow();
        assertThat(box.y()).isEqualTo(108);
    }

    @Test
    void noLabelHidesAnotherOrLeavesTheArea() {
        Random random = new Random(5);
        Labels labels = new Labels(AREA, 12);
        List<Box> boxes = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            double x = random.nextDouble(0, 320);
            double y = random.nextDouble(0, 220);
            labels.beside(x, y, 8, "θ 1." + i).ifPresent(boxes::add);
            labels.along(y, "dense").ifPresent(boxes::add);
        }
        assertThat(boxes).hasSizeGreaterThan(20).allMatch(AREA::holds);
        for (Box box : boxes) {
            assertThat(boxes.stream().filter(box::overlaps)).containsExactly(box);
        }
    }

    @Test
    void whereThereIsNoRoomThereIsNoLabel() {
        Labels labels = new Labels(AREA, 12);
        labels.take(AREA);
        assertThat(labels.beside(150, 100, 8, "θ 1.0")).isEmpty();
        assertThat(labels.along(100, "dense")).isEmpty();
        assertThat(new Labels(AREA, 12).along(100, "x".repeat(100))).isEmpty();
    }
}
