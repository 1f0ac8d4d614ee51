/* An error that nobody has read stays the first, whatever is computed behind it with no tape open: functions that are made of ops and open a
   tape of their own there do not forget it, and the ops of the program do not either. A step begins anew. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"
#include "wengert/kfac.h"
#include "wengert/study.h"

/* What the calls below take: a network of two inputs, points and numbers, f64; and a game of one player, its parameters. */
struct fixture {
    wg_nn_module *net;
    wg_tensor *x, *y, *line, *cost, *z, *z2;
    wg_optim *optim;
    wg_game *game;
};

static bool freed(wg_tensor *made)
{
    const bool ok = made != NULL;
    wg_free(made);
    return ok;
}

static wg_tensor_list params(const struct fixture *f)
{
    return wg_nn_parameters(f->net);
}

static bool apply(struct fixture *f)
{
    return freed(wg_nn_apply(f->net, f->x));
}

static bool to_vector(struct fixture *f)
{
    wg_tensor *v = wg_nn_to_vector(params(f));
    const bool ok = v && wg_nn_assign(params(f), v) == WG_OK;
    return freed(v) && ok;
}

static bool print(struct fixture *f)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    const bool ok = wg_nn_print(f->net, stream, WG_SHAPE(4, 2)) == WG_OK;
    fclose(stream), free(text);
    return ok;
}

static bool iterate(struct fixture *f)
{
    return wg_nn_spectral_norm_iterate(f->net, 2) == WG_OK;
}

static bool penalties(struct fixture *f)
{
    return freed(wg_nn_penalty_l2(params(f), 1)) && wg_nn_max_norm(wg_nn_matching(f->net, "1.weight"), 1) == WG_OK;
}

static bool latent(struct fixture *f)
{
    (void)f;
    return freed(wg_gan_latent(WG_NONE, 3, 2, 1)) && freed(wg_gan_ring_centres(8, 2));
}

static bool nearest(struct fixture *f)
{
    wg_tensor *distances = NULL, *index = NULL;
    const bool ok = wg_gan_nearest(f->x, f->y, &distances, &index) == WG_OK;
    return freed(distances) && freed(index) && ok;
}

static bool energy(struct fixture *f)
{
    return freed(wg_transport_energy(f->x, f->y)) && freed(wg_transport_sinkhorn(f->x, f->y)) &&
           freed(wg_transport_cost(f->x, f->y));
}

static bool field(struct fixture *f)
{
    return freed(wg_game_field(&f->z, 1, f->game)) && freed(wg_game_eigenvalues(f->game, f->z));
}

static bool path(struct fixture *f)
{
    return freed(wg_game_path(f->game, f->z, f->z2, 0, 1, 3));
}

static bool clip(struct fixture *f)
{
    double norm;
    return wg_optim_clip_value(params(f), 1) == WG_OK && wg_optim_clip_norm(params(f), 1, &norm) == WG_OK;
}

static wg_tensor *squares(wg_tensor *const *in, size_t n, void *context)
{
    (void)context;
    wg_tensor *sum = wg_sum_squares(in[0]);
    for (size_t i = 1; i < n; i++)
        sum = wg_add(sum, wg_sum_squares(in[i]));
    return sum;
}

static bool study(struct fixture *f)
{
    const wg_study_loss loss = {.f = squares, .params = params(f)};
    wg_study_estimate trace;
    return freed(wg_study_eigenvalues(&loss)) && freed(wg_study_extremes(&loss)) && wg_study_trace(&loss, &trace) == WG_OK &&
           freed(wg_study_density(&loss, .steps = 4, .probes = 1)) && freed(wg_study_gradient_norms(&loss));
}

static bool slices(struct fixture *f)
{
    const wg_study_loss loss = {.f = squares, .params = params(f)};
    wg_tensor *direction = wg_study_direction(&loss);
    const bool ok = freed(wg_study_line(&loss, direction, .points = 3));
    return freed(direction) && ok;
}

static const struct {
    const char *name;
    bool (*call)(struct fixture *f);
} calls[] = {{"nn_apply", apply},
             {"nn_to_vector", to_vector},
             {"nn_print", print},
             {"spectral_norm_iterate", iterate},
             {"penalty, norm", penalties},
             {"gan_latent", latent},
             {"nearest", nearest},
             {"transport", energy},
             {"game_field", field},
             {"game_path", path},
             {"clip", clip},
             {"study", study},
             {"slices", slices}};

static wg_tensor *loss_of(wg_game *game, void *context)
{
    return wg_mean(wg_square(wg_game_apply(game, 0, (wg_tensor *)context)));
}

static struct fixture begin(void)
{
    wg_nn_module *inner = wg_nn_linear(2, 3, .dtype = WG_F64);
    struct fixture f = {.net = wg_nn_sequential(wg_nn_spectral_norm(inner), wg_nn_linear(3, 1, .dtype = WG_F64)),
                        .x = wg_normal(wg_generator_default(), WG_F64, WG_SHAPE(4, 2), 0, 1),
                        .y = wg_normal(wg_generator_default(), WG_F64, WG_SHAPE(5, 2), 0, 1),
                        .game = wg_game_create()};
    f.optim = wg_optim_sgd(wg_nn_parameters(f.net), .lr = 0.1);
    assert_int_equal(wg_game_add(f.game, .name = "one", .net = f.net, .optim = f.optim, .loss = loss_of, .context = f.x), WG_OK);
    f.z = wg_game_point(f.game);
    f.z2 = wg_mul_scalar(f.z, 1.5);
    for (size_t i = 0; i < params(&f).n; i++) {
        wg_tensor *g = wg_ones(WG_F64, wg_shape_of(params(&f).tensor[i]));
        assert_int_equal(wg_add_gradient(params(&f).tensor[i], g), WG_OK);
        wg_free(g);
    }
    assert_no_error();
    return f;
}

static void end(struct fixture *f)
{
    wg_game_destroy(f->game), wg_optim_destroy(f->optim), wg_nn_destroy(f->net);
    wg_free(f->x), wg_free(f->y), wg_free(f->z), wg_free(f->z2);
}

static void set_earlier(void)
{
    (void)wg_error_set(WG_E_SHAPE, "earlier", "earlier: what nobody has read");
}

static void assert_earlier(const char *name, uint64_t later)
{
    const wg_error *first = wg_error_first();
    if (!first || strcmp(first->message, "earlier: what nobody has read") != 0 || first->later != later)
        fail_msg("%s: %s, %llu later", name, first ? first->message : "no error", first ? (unsigned long long)first->later : 0);
    (void)wg_error_take(NULL);
}

/* Each succeeds, since nothing that it was given failed. */
static void an_unread_error_stays_the_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct fixture f = begin();
        set_earlier();
        if (!calls[i].call(&f))
            fail_msg("%s: failed: %s", calls[i].name, wg_error_first()->message);
        assert_earlier(calls[i].name, 0);
        end(&f);
    }
    assert_no_error();
}

/* The cause of what fails behind it, too. */
static void what_fails_later_is_counted(void **state)
{
    (void)state;
    struct fixture f = begin();
    wg_tensor *narrow = wg_ones(WG_F64, WG_SHAPE(4, 3)), *sum = wg_add(f.x, narrow), *y = wg_nn_apply(f.net, f.x);
    assert_null(sum), assert_non_null(y), assert_null(wg_nn_apply(f.net, narrow)), assert_null(wg_mul(sum, y));
    assert_string_equal(wg_error_first()->op, "add");
    assert_true(wg_error_first()->later >= 1);
    assert_error(WG_E_SHAPE, "add: ");
    wg_free(narrow), wg_free(y);
    end(&f);
    assert_no_error();
}

/* As an outermost tape does: what a step fails with is its own. */
static void steps_and_tapes_begin_anew(void **state)
{
    (void)state;
    struct fixture f = begin();
    set_earlier();
    assert_int_equal(wg_game_step(f.game), WG_OK);
    assert_no_error();
    set_earlier();
    {
        WG_TAPE(tape);
        assert_no_error();
    }
    set_earlier();
    {
        WG_TAPE(tape, .keep_error = true);
        assert_earlier("a tape with .keep_error", 0);
    }
    end(&f);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_unread_error_stays_the_first),
        TEST(what_fails_later_is_counted),
        TEST(steps_and_tapes_begin_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
