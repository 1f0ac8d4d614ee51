/* wg_replay_bind: launches then read another tensor in place of an input. They read nothing beyond its end, and nothing that the
   run itself writes. */
#include "common.h"

struct small {
    wg_tensor *x, *y, *other;
    wg_status (*work)(struct small *s);
};

static wg_status small_step(void *context)
{
    struct small *s = context;
    WG_TAPE(tape);
    return s->work(s);
}

static wg_status keep(struct small *s, wg_tensor *y)
{
    wg_tensor *kept = y ? wg_keep(y) : NULL;
    if (!kept)
        return wg_error_first()->code;
    wg_free(s->y);
    s->y = kept;
    return WG_OK;
}

static void small_end(struct small *s)
{
    wg_free(s->x), wg_free(s->y), wg_free(s->other);
}

static wg_replay *captured(struct small *s)
{
    wg_replay *replay = wg_replay_capture(small_step, s);
    if (!replay)
        fail_msg("%s", wg_error_first() ? wg_error_first()->message : "no error recorded");
    return replay;
}

static wg_status affine(struct small *s)
{
    wg_tensor *first = wg_slice(s->x, 0, 0, 1, 1);
    WG_TRY(wg_accumulate(s->other, first));
    return keep(s, wg_add(wg_matmul(s->x, wg_permute(s->x, WG_AXES(1, 0))), first));
}

static void inputs_are_bound(void **state)
{
    (void)state;
    struct small eager = {.other = made(wg_zeros(WG_F32, WG_SHAPE(1, 4))), .work = affine}, replayed = eager;
    wg_tensor *batch[3], *original = numbers(WG_F32, WG_SHAPE(4, 4), 1);
    replayed.other = made(wg_zeros(WG_F32, WG_SHAPE(1, 4)));
    replayed.x = original;
    eager.x = original;
    wg_replay *replay = captured(&replayed);
    assert_ok(small_step(&eager));
    for (int i = 0; i < 3; i++) {
        batch[i] = i < 2 ? numbers(WG_F32, WG_SHAPE(4, 4), (uint64_t)i + 2) : original;
        assert_ok(wg_replay_bind(replay, original, batch[i]));
        eager.x = batch[i];
        if (i < 2)
            wg_free(batch[i]); /* the replay holds a reference */
        if (i < 2)
            eager.x = numbers(WG_F32, WG_SHAPE(4, 4), (uint64_t)i + 2);
        assert_ok(small_step(&eager));
        assert_ok(wg_replay_run(replay));
        assert_same_bits(eager.y, replayed.y);
        assert_same_bits(eager.other, replayed.other);
        if (i < 2)
            wg_free(eager.x);
    }
    wg_tensor *wrong = numbers(WG_F32, WG_SHAPE(4, 5), 1), *wide = numbers(WG_F64, WG_SHAPE(4, 4), 1);
    assert_ok(wg_set_name(original, "pixels"));
    assert_fails(wg_replay_bind(replay, original, wrong), WG_E_SHAPE, "pixels is [4, 4], not [4, 5]");
    assert_fails(wg_replay_bind(replay, original, wide), WG_E_DTYPE, "pixels is f32, not f64");
    assert_fails(wg_replay_bind(replay, wrong, wrong), WG_E_ARGUMENT, "does not read");
    assert_fails(wg_replay_bind(replay, replayed.other, replayed.other), WG_E_ARGUMENT, "changes");
    wg_tensor *transposed = wg_permute(original, WG_AXES(1, 0));
    assert_fails(wg_replay_bind(replay, original, transposed), WG_E_ARGUMENT, "other strides");
    wg_tensor *column = made(wg_slice(original, 1, 0, 1, 1));
    assert_fails(wg_replay_bind(replay, column, column), WG_E_ARGUMENT, "is not dense");
    wg_free(column);
    wg_free(wrong), wg_free(wide), wg_free(transposed);
    wg_replay_destroy(replay);
    eager.x = NULL;
    small_end(&eager), small_end(&replayed);
}

/* ---- each launch reads inside the input or not at all from it ---- */

static wg_status doubled(struct small *s)
{
    return keep(s, wg_mul_scalar(s->x, 2));
}

static wg_status product(struct small *s)
{
    return keep(s, wg_matmul(s->x, s->other));
}

static wg_status of_scalars(struct small *s)
{
    wg_tensor *sum = wg_sum(wg_slice(s->x, 0, 0, 1, 1));
    for (int64_t i = 0; i < 40; i++)
        sum = wg_add(sum, wg_mul_scalar(wg_sum(wg_slice(s->x, 0, i % 3, i % 3 + 1, 1)), 0.5));
    return keep(s, sum);
}

/* Only the first rows are bound, but the step reads them together with later ones, by tiles and by a kernel. */
static void views_of_what_is_read_whole_are_refused(void **state)
{
    (void)state;
    wg_status (*const works[])(struct small *) = {doubled, product};
    for (size_t i = 0; i < 2; i++)
        for (int64_t rows = 10; rows <= 1000; rows *= 100) {
            struct small s = {
                .x = numbers(WG_F64, WG_SHAPE(rows, 4), 1), .other = numbers(WG_F64, WG_SHAPE(4, 4), 2), .work = works[i]};
            wg_replay *replay = captured(&s);
            wg_tensor *whole = numbers(WG_F64, WG_SHAPE(rows, 4), 3), *first = made(wg_slice(s.x, 0, 0, 2, 1)),
                      *last = made(wg_slice(s.x, 0, rows - 2, rows, 1)), *instead = made(wg_full(WG_F64, WG_SHAPE(2, 4), 7)),
                      *before = made(wg_copy(s.y));
            assert_fails(wg_replay_bind(replay, first, instead), WG_E_ARGUMENT, "bind the tensor that input is a view of");
            assert_fails(wg_replay_bind(replay, last, instead), WG_E_ARGUMENT, "together with bytes outside it");
            assert_ok(wg_replay_run(replay));
            assert_same_bits(s.y, before);
            assert_ok(wg_replay_bind(replay, s.x, whole));
            assert_ok(wg_replay_run(replay));
            wg_free(s.x), s.x = whole;
            wg_tensor *replayed = made(wg_copy(s.y));
            assert_ok(small_step(&s));
            assert_same_bits(replayed, s.y);
            wg_replay_destroy(replay);
            wg_free(first), wg_free(last), wg_free(instead), wg_free(before), wg_free(replayed);
            small_end(&s);
        }
}

/* A part that the step reads separately can be bound separately; the elements before and after it are not bound. */
static void parts_that_are_read_alone_are_bound(void **state)
{
    (void)state;
    struct small s = {.x = numbers(WG_F64, WG_SHAPE(5, 1), 1), .work = of_scalars};
    wg_replay *replay = captured(&s);
    wg_tensor *part = made(wg_slice(s.x, 0, 1, 2, 1)), *unread = made(wg_slice(s.x, 0, 3, 5, 1)),
              *two = made(wg_slice(s.x, 0, 1, 3, 1)), *seven = made(wg_full(WG_F64, WG_SHAPE(1, 1), 7)),
              *both = numbers(WG_F64, WG_SHAPE(2, 1), 5);
    assert_fails(wg_replay_bind(replay, unread, both), WG_E_ARGUMENT, "does not read input");
    for (int i = 0; i < 2; i++) { /* part alone, then the whole, which includes part */
        assert_ok(wg_replay_bind(replay, i ? two : part, i ? both : seven));
        assert_ok(wg_replay_run(replay));
        wg_tensor *replayed = made(wg_copy(s.y));
        double x[5];
        assert_ok(wg_read(s.x, x));
        x[1] = i ? element(both, 0) : 7;
        x[2] = i ? element(both, 1) : x[2];
        struct small eager = {.x = made(wg_from(x, WG_SHAPE(5, 1))), .work = of_scalars};
        assert_ok(small_step(&eager));
        assert_same_bits(replayed, eager.y);
        wg_free(replayed);
        small_end(&eager);
    }
    wg_replay_destroy(replay);
    wg_free(part), wg_free(unread), wg_free(two), wg_free(seven), wg_free(both);
    small_end(&s);
}

/* ---- what a run writes is not an input ---- */

static wg_status moves(struct small *s)
{
    WG_TRY(keep(s, wg_matmul(s->x, s->x)));
    wg_tensor *half = wg_slice(s->other, 0, 0, 4, 1);
    return wg_assign(half, wg_add(wg_matmul(wg_mul_scalar(s->x, 2), s->x), s->x));
}

static void what_the_step_writes_is_refused(void **state)
{
    (void)state;
    struct small s = {.x = numbers(WG_F64, WG_SHAPE(4, 4), 1), .other = numbers(WG_F64, WG_SHAPE(8, 4), 2), .work = moves};
    wg_replay *replay = captured(&s);
    wg_tensor *changed = made(wg_slice(s.other, 0, 2, 6, 1)), *beside = made(wg_slice(s.other, 0, 4, 8, 1));
    assert_fails(wg_replay_bind(replay, s.x, s.y), WG_E_ARGUMENT, "written by the step itself");
    assert_fails(wg_replay_bind(replay, s.x, changed), WG_E_ARGUMENT, "bind a copy");
    wg_tensor *copy = made(wg_copy(s.y)), *want = made(wg_matmul(copy, copy));
    assert_ok(wg_replay_bind(replay, s.x, copy));
    assert_ok(wg_replay_run(replay));
    assert_same_bits(s.y, want);
    wg_free(want);
    want = made(wg_matmul(beside, beside));
    assert_ok(wg_replay_bind(replay, s.x, beside)); /* the half of the tensor that is not written */
    assert_ok(wg_replay_run(replay));
    assert_same_bits(s.y, want);
    wg_replay_destroy(replay);
    wg_free(changed), wg_free(beside), wg_free(copy), wg_free(want);
    small_end(&s);
}

/* A small tensor of a tape stores its elements in its handle. */
static void what_ends_with_a_tape_is_refused(void **state)
{
    (void)state;
    struct small s = {.x = numbers(WG_F64, WG_SHAPE(2, 1), 1), .work = of_scalars};
    wg_replay *replay = captured(&s);
    {
        WG_TAPE(tape);
        assert_fails(wg_replay_bind(replay, s.x, made(wg_exp(s.x))), WG_E_ARGUMENT, "belongs to a tape");
    }
    assert_ok(wg_replay_run(replay));
    wg_replay_destroy(replay);
    small_end(&s);
}

/* A handle on the input that the step made and kept would still show the old input. */
static wg_status keeps_its_input(struct small *s)
{
    WG_TRY(keep(s, wg_neg(s->x)));
    wg_free(s->other);
    s->other = wg_keep(s->x);
    return s->other ? WG_OK : WG_E_MEMORY;
}

static wg_status keeps_a_row_of_its_input(struct small *s)
{
    WG_TRY(keep(s, wg_neg(wg_select(s->x, 0, 1))));
    wg_free(s->other);
    s->other = wg_keep(wg_select(s->x, 0, 0));
    return s->other ? WG_OK : WG_E_MEMORY;
}

static wg_status keeps_for_a_while(struct small *s)
{
    wg_tensor *kept = wg_keep(wg_select(s->x, 0, 0));
    const wg_status status = kept ? keep(s, wg_neg(wg_add(s->x, kept))) : WG_E_MEMORY;
    wg_free(kept);
    return status;
}

static wg_status without_a_tape(void *context)
{
    struct small *s = context;
    wg_free(s->y), wg_free(s->other);
    s->y = wg_neg(s->x);
    s->other = wg_reshape(s->x, WG_SHAPE(6));
    return s->y && s->other ? WG_OK : WG_E_MEMORY;
}

static void an_input_that_is_a_result_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct small s = {.x = numbers(WG_F64, WG_SHAPE(2, 3), 1),
                          .work = i == 0   ? keeps_its_input
                                  : i == 1 ? keeps_a_row_of_its_input
                                           : keeps_for_a_while};
        wg_tensor *instead = numbers(WG_F64, WG_SHAPE(2, 3), 2);
        wg_tensor *row[2] = {made(wg_select(s.x, 0, 1)), made(wg_select(instead, 0, 1))};
        wg_replay *replay = i < 3 ? captured(&s) : wg_replay_capture(without_a_tape, &s);
        made(s.y);
        if (i == 2) { /* what the step kept has been freed */
            assert_ok(wg_replay_bind(replay, s.x, instead));
            assert_ok(wg_replay_run(replay));
            assert_near(element(s.y, 4), -(element(instead, 4) + element(instead, 1)), 1e-15);
        } else {
            assert_fails(wg_replay_bind(replay, s.x, instead), WG_E_ARGUMENT, "keep a copy (wg_copy)");
        }
        if (i == 1) { /* the other row is a result, this one is not */
            assert_ok(wg_replay_bind(replay, row[0], row[1]));
            assert_ok(wg_replay_run(replay));
            assert_near(element(s.y, 2), -element(instead, 5), 0);
            assert_near(element(s.other, 2), element(s.x, 2), 0);
        }
        wg_replay_destroy(replay);
        wg_free(instead), wg_free(row[0]), wg_free(row[1]);
        small_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(inputs_are_bound),
        TEST(views_of_what_is_read_whole_are_refused),
        TEST(parts_that_are_read_alone_are_bound),
        TEST(what_the_step_writes_is_refused),
        TEST(what_ends_with_a_tape_is_refused),
        TEST(an_input_that_is_a_result_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
