/* The Jacobian of a skinned hand: the positions of vertices with respect to 26 pose parameters, in forward mode, compared with
   the positions in plain C.

   22 bones: two of the arm, which do not bend, and four for each of five fingers, along y. A finger has the parameters a, the
   rotation of its first bone about z, and b_0, b_1, b_2, the rotations of its first three bones about x; the last bone follows
   the third. With A_0 = R_z(a) R_x(b_0), A_1 = A_0 R_x(b_1), A_2 = A_3 = A_1 R_x(b_2) and joints p_{l+1} = p_l + A_l (0,
   length_l, 0),

     v = R (Σ_b weight_vb M_b (rest_v, 1)) + shift,   M_b = [A_b, p_b - A_b p_b(rest)],   R = R_z R_y R_x,

   and the residual is target - v. R and shift are the other six parameters. The model is synthetic. This kind of problem is from
   the paper named in gmm.c.

   Ten directions give all 26 columns: one for each of the six, and one each for a, b_0, b_1, b_2 of all fingers at once. That
   works because a finger's bones depend only on its own parameters, and the contributions of the fingers are kept separate until
   the end. */
#include "adbench.h"

enum {
    FINGERS = 5,
    LEVELS = 4,
    BONES = 22,
    VERTICES = 544,
    PARAMETERS = 26,
    WHOLE = 6, /* parameters of the whole hand */
    OWN = 4,   /* parameters of each finger */
    DIRECTIONS = WHOLE + OWN,
    OPERANDS = 8,
    COLUMNS = 4 * (BONES - 1) + 1
};

/* Parameters: angles about x, y, z, the shift, then a, b_0, b_1, b_2 of all fingers. */
struct hand {
    double *rest, *weight, *target; /* (3,VERTICES), (BONES,VERTICES), (3,VERTICES) */
    double joint[LEVELS][3][FINGERS], length[LEVELS][FINGERS];
    double pose[PARAMETERS];
    wg_tensor *features;                     /* (VERTICES,COLUMNS): minus weight_vb (rest_v, 1), and -1 */
    wg_tensor *of_finger;                    /* (FINGERS,VERTICES,4 LEVELS): the features of each finger's bones */
    wg_tensor *unit[3], *arm;                /* (1,3,1) each; the matrix of the arm, (3,4) */
    wg_tensor *roots, *joints[LEVELS][3];    /* (3,FINGERS): the first joints; (FINGERS): components of joints */
    wg_tensor *lengths[LEVELS];              /* (FINGERS) */
    wg_tensor *targets;                      /* (VERTICES,3) */
    wg_tensor *x[OPERANDS], *t[OPERANDS];    /* DIRECTIONS copies of the pose, and their tangents */
    wg_tensor *residual, *by_whole, *by_own; /* (VERTICES,3), (VERTICES,3 WHOLE), (FINGERS,VERTICES,3 OWN) */
};

/* ---- plain C ---- */

/* Multiplies a matrix by a rotation of columns i and j. */
static void turn(double *m, int i, int j, double angle)
{
    const double cosine = cos(angle), sine = sin(angle);
    for (int r = 0; r < 3; r++) {
        const double a = m[3 * r + i], b = m[3 * r + j];
        m[3 * r + i] = a * cosine + b * sine;
        m[3 * r + j] = b * cosine - a * sine;
    }
}

static void by_hand(const struct hand *h, const double *pose, double *residual)
{
    static const double one[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    double m[BONES][12] = {{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}}, whole[9];
    for (int finger = 0; finger < FINGERS; finger++) {
        double a[9], p[3];
        memcpy(a, one, sizeof a);
        turn(a, 0, 1, pose[6 + finger]);
        for (int i = 0; i < 3; i++)
            p[i] = h->joint[0][i][finger];
        for (int level = 0; level < LEVELS; level++) {
            double *to = m[2 + level * FINGERS + finger];
            if (level < 3)
                turn(a, 1, 2, pose[6 + (level + 1) * FINGERS + finger]);
            for (int r = 0; r < 3; r++) {
                to[4 * r + 3] = p[r];
                for (int k = 0; k < 3; k++) {
                    to[4 * r + k] = a[3 * r + k];
                    to[4 * r + 3] -= a[3 * r + k] * h->joint[level][k][finger];
                }
                p[r] += a[3 * r + 1] * h->length[level][finger];
            }
        }
    }
    memcpy(whole, one, sizeof whole);
    turn(whole, 0, 1, pose[2]);
    turn(whole, 2, 0, pose[1]);
    turn(whole, 1, 2, pose[0]);
    static double sum[3][VERTICES];
    memset(sum, 0, sizeof sum);
    const double *x = h->rest, *y = x + VERTICES, *z = y + VERTICES;
    for (int b = 0; b < BONES; b++)
        for (int r = 0; r < 3; r++) {
            const double *row = m[b] + 4 * r, *weight = h->weight + b * VERTICES;
            for (int v = 0; v < VERTICES; v++)
                sum[r][v] += weight[v] * (row[0] * x[v] + row[1] * y[v] + row[2] * z[v] + row[3]);
        }
    for (int r = 0; r < 3; r++)
        for (int v = 0; v < VERTICES; v++)
            residual[r * VERTICES + v] = h->target[r * VERTICES + v] - (whole[3 * r] * sum[0][v] + whole[3 * r + 1] * sum[1][v] +
                                                                        whole[3 * r + 2] * sum[2][v] + pose[3 + r]);
}

/* ---- Wengert ---- */

/* Multiplies a matrix by a rotation: columns i and j, each (copies, 3, …), are replaced. */
static void turned(wg_tensor **i, wg_tensor **j, wg_tensor *angle)
{
    wg_tensor *cosine = wg_cos(angle), *sine = wg_sin(angle), *a = *i, *b = *j;
    *i = wg_add(wg_mul(a, cosine), wg_mul(b, sine));
    *j = wg_sub(wg_mul(b, cosine), wg_mul(a, sine));
}

/* The coefficients in which positions are linear, for several poses at once, one per copy: matrices R M_b and shifts, (3
   copies,COLUMNS). x: angles about x, y, z (copies,1,1), shift (copies,3,1), a, b_0, b_1, b_2 (copies,1,FINGERS). */
static wg_tensor *matrices(wg_tensor *const *x, size_t n, void *context)
{
    const struct hand *h = context;
    const int64_t copies = wg_extent(x[3], 0);
    (void)n;
    wg_tensor *part[4 * LEVELS + 1], *const *e = h->unit, *a[3] = {e[0], e[1], e[2]}, *p = h->roots;
    turned(&a[0], &a[1], x[4]);
    for (int level = 0; level < LEVELS; level++) {
        if (level < 3)
            turned(&a[1], &a[2], x[5 + level]);
        wg_tensor *moved = p;
        for (int k = 0; k < 3; k++) {
            part[4 * level + k] = level < 3 ? wg_broadcast_to(a[k], WG_SHAPE(copies, 3, FINGERS)) : part[4 * (level - 1) + k];
            moved = wg_sub(moved, wg_mul(a[k], h->joints[level][k]));
        }
        part[4 * level + 3] = moved;
        p = wg_add(p, wg_mul(a[1], h->lengths[level]));
    }
    part[4 * LEVELS] = wg_broadcast_to(h->arm, WG_SHAPE(copies, 3, 4));
    wg_tensor *whole[3] = {e[0], e[1], e[2]};
    turned(&whole[0], &whole[1], x[2]);
    turned(&whole[2], &whole[0], x[1]);
    turned(&whole[1], &whole[2], x[0]);
    wg_tensor *bones = wg_matmul(wg_concat(whole, 3, 2), wg_concat(part, 4 * LEVELS + 1, 2));
    wg_tensor *all[2] = {bones, x[3]};
    return wg_reshape(wg_concat(all, 2, 2), WG_SHAPE(3 * copies, COLUMNS));
}

/* All directions in one pass of forward mode: copy c has the tangent of direction c. Skinning is linear, so it is its own
   tangent: the features are multiplied by the positions' matrices and by their tangents, and for the fingers' own parameters
   finger by finger. */
static wg_status step(void *context)
{
    enum { BENT = 4 * LEVELS * FINGERS };
    struct hand *h = context;
    wg_tensor *v = NULL, *tangent = NULL;
    WG_TAPE(tape);
    WG_TRY(wg_jvp(matrices, h, h->x, OPERANDS, h->t, &v, &tangent));
    wg_tensor *both[2] = {wg_slice(v, 0, 0, 3, 1), wg_slice(tangent, 0, 0, 3 * WHOLE, 1)};
    wg_tensor *product = wg_linear(h->features, wg_concat(both, 2, 0), WG_NONE);
    wg_tensor *own = wg_slice(wg_slice(tangent, 0, 3 * WHOLE, 3 * DIRECTIONS, 1), 1, 0, BENT, 1);
    own = wg_permute(wg_reshape(own, WG_SHAPE(3 * OWN, 4 * LEVELS, FINGERS)), WG_AXES(2, 1, 0));
    h->residual = wg_keep(wg_add(h->targets, wg_slice(product, 1, 0, 3, 1)));
    h->by_whole = wg_keep(wg_copy(wg_slice(product, 1, 3, 3 + 3 * WHOLE, 1)));
    h->by_own = wg_keep(wg_matmul(h->of_finger, own));
    return h->residual && h->by_whole && h->by_own ? WG_OK : WG_E_NULL;
}

static void drop_results(struct hand *h)
{
    wg_free(h->residual), wg_free(h->by_whole), wg_free(h->by_own);
}

/* The Jacobian's element for row k of vertex v, column c. */
static double element(const struct hand *h, int v, int k, int c)
{
    const double *whole = wg_data(h->by_whole), *own = wg_data(h->by_own);
    const int finger = (c - WHOLE) % FINGERS, parameter = (c - WHOLE) / FINGERS;
    return c < WHOLE ? whole[3 * (WHOLE * v + c) + k] : own[3 * (OWN * (finger * VERTICES + v) + parameter) + k];
}

/* ---- the model ---- */

/* The bones of the arm share one matrix, so their weights are added and the features have one bone less. */
static void make_features(struct hand *h)
{
    double *feature = numbers(VERTICES * COLUMNS, -1, 0), *own = numbers(FINGERS * VERTICES * 4 * LEVELS, 0, 0);
    double *target = numbers(VERTICES * 3, 0, 0);
    for (int v = 0; v < VERTICES; v++) {
        double *to = feature + v * COLUMNS;
        for (int level = 0; level < LEVELS; level++)
            for (int k = 0; k < 4; k++)
                for (int finger = 0; finger < FINGERS; finger++) {
                    const double x = k < 3 ? h->rest[k * VERTICES + v] : 1;
                    own[(finger * VERTICES + v) * 4 * LEVELS + 4 * level + k] = to[(4 * level + k) * FINGERS + finger] =
                        -h->weight[(2 + level * FINGERS + finger) * VERTICES + v] * x;
                }
        for (int k = 0; k < 4; k++)
            to[4 * LEVELS * FINGERS + k] = -(h->weight[v] + h->weight[VERTICES + v]) * (k < 3 ? h->rest[k * VERTICES + v] : 1);
        for (int r = 0; r < 3; r++)
            target[3 * v + r] = h->target[r * VERTICES + v];
    }
    h->features = wg_from(feature, WG_SHAPE(VERTICES, COLUMNS));
    h->of_finger = wg_from(own, WG_SHAPE(FINGERS, VERTICES, 4 * LEVELS));
    h->targets = wg_from(target, WG_SHAPE(VERTICES, 3));
    must(h->features && h->of_finger && h->targets);
    free(feature), free(own), free(target);
}

static void make_constants(struct hand *h)
{
    static const double units[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    static const double arm[3][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}};
    for (int i = 0; i < 3; i++)
        must((h->unit[i] = wg_from(units[i], WG_SHAPE(1, 3, 1))) != NULL);
    must((h->roots = wg_from(&h->joint[0][0][0], WG_SHAPE(3, FINGERS))) != NULL);
    must((h->arm = wg_from(&arm[0][0], WG_SHAPE(3, 4))) != NULL);
    for (int level = 0; level < LEVELS; level++) {
        for (int k = 0; k < 3; k++)
            must((h->joints[level][k] = wg_from(h->joint[level][k], WG_SHAPE(FINGERS))) != NULL);
        must((h->lengths[level] = wg_from(h->length[level], WG_SHAPE(FINGERS))) != NULL);
    }
}

/* Makes operand o from parameters first, first + 1, …. From `direction` on, each parameter has its own direction, or the same
   parameter of all fingers shares one. */
static void make_operand(struct hand *h, int o, int first, int count, int direction, wg_shape shape)
{
    double value[DIRECTIONS * FINGERS], tangent[DIRECTIONS * FINGERS];
    for (int c = 0; c < DIRECTIONS; c++)
        for (int k = 0; k < count; k++) {
            value[c * count + k] = h->pose[first + k];
            tangent[c * count + k] = c == direction + (direction < WHOLE ? k : 0);
        }
    h->x[o] = wg_from(value, shape);
    h->t[o] = wg_from(tangent, shape);
    must(h->x[o] && h->t[o]);
}

static void open_problem(struct hand *h)
{
    *h = (struct hand){0};
    h->rest = numbers(3 * VERTICES, 0, 1);
    h->target = numbers(3 * VERTICES, 0, 1);
    h->weight = numbers(BONES * VERTICES, 0.5, 0.5);
    for (int v = 0; v < VERTICES; v++) {
        double sum = 0;
        for (int b = 0; b < BONES; b++)
            sum += h->weight[b * VERTICES + v];
        for (int b = 0; b < BONES; b++)
            h->weight[b * VERTICES + v] /= sum;
    }
    for (int finger = 0; finger < FINGERS; finger++)
        for (int level = 0; level < LEVELS; level++) {
            h->length[level][finger] = 0.3 + 0.05 * uniform_number();
            h->joint[level][0][finger] = level ? h->joint[0][0][finger] : 0.2 * finger - 0.4;
            h->joint[level][1][finger] = level ? h->joint[level - 1][1][finger] + h->length[level - 1][finger] : 0.8;
            h->joint[level][2][finger] = 0;
        }
    for (int i = 0; i < PARAMETERS; i++)
        h->pose[i] = 0.4 * uniform_number();
    make_features(h);
    make_constants(h);
    for (int i = 0; i < 3; i++)
        make_operand(h, i, i, 1, i, WG_SHAPE(DIRECTIONS, 1, 1));
    make_operand(h, 3, 3, 3, 3, WG_SHAPE(DIRECTIONS, 3, 1));
    for (int i = 0; i < OWN; i++)
        make_operand(h, 4 + i, WHOLE + i * FINGERS, FINGERS, WHOLE + i, WG_SHAPE(DIRECTIONS, 1, FINGERS));
}

static void close_problem(struct hand *h)
{
    free(h->rest), free(h->weight), free(h->target);
    wg_free(h->features), wg_free(h->of_finger), wg_free(h->targets), wg_free(h->arm), wg_free(h->roots);
    for (int i = 0; i < 3; i++)
        wg_free(h->unit[i]);
    for (int i = 0; i < LEVELS; i++)
        wg_free(h->joints[i][0]), wg_free(h->joints[i][1]), wg_free(h->joints[i][2]), wg_free(h->lengths[i]);
    for (int i = 0; i < OPERANDS; i++)
        wg_free(h->x[i]), wg_free(h->t[i]);
}

static void farther(double got, double want, double *worst, double *due)
{
    if (fabs(got - want) / fmax(1, fabs(want)) >= fabs(*worst - *due) / fmax(1, fabs(*due)))
        *worst = got, *due = want;
}

static void check(void)
{
    struct hand h;
    static double residual[3 * VERTICES], above[3 * VERTICES], below[3 * VERTICES];
    double value = 0, value_due = 0, slope = 0, slope_due = 0;
    open_problem(&h);
    must(step(&h) == WG_OK);
    const double *r = wg_data(h.residual);
    must(r && wg_data(h.by_whole) && wg_data(h.by_own));
    by_hand(&h, h.pose, residual);
    for (int v = 0; v < VERTICES; v++)
        for (int k = 0; k < 3; k++)
            farther(r[3 * v + k], residual[k * VERTICES + v], &value, &value_due);
    for (int c = 0; c < PARAMETERS; c++) {
        double pose[PARAMETERS];
        memcpy(pose, h.pose, sizeof pose);
        pose[c] = h.pose[c] + 1e-5;
        by_hand(&h, pose, above);
        pose[c] = h.pose[c] - 1e-5;
        by_hand(&h, pose, below);
        for (int v = 0; v < VERTICES; v++)
            for (int k = 0; k < 3; k++)
                farther(element(&h, v, k, c), (above[k * VERTICES + v] - below[k * VERTICES + v]) / 2e-5, &slope, &slope_due);
    }
    agree("the residual farthest from plain C's", value, value_due, 1e-12);
    agree("the element of the Jacobian farthest from differences", slope, slope_due, 1e-8);
    drop_results(&h);
    close_problem(&h);
}

static void eager_step(struct hand *h)
{
    must(step(h) == WG_OK);
    drop_results(h);
}

static void measure(void)
{
    struct hand h;
    static double residual[3 * VERTICES];
    struct times times;
    char size[32];
    open_problem(&h);
    wg_replay *replay = wg_replay_capture(step, &h);
    must(replay != NULL);
    struct hand again = h;
    TAKE_TURNS(times, by_hand(&h, h.pose, residual), eager_step(&again), must(wg_replay_run(replay) == WG_OK));
    snprintf(size, sizeof size, "%d vertices", VERTICES);
    print_times(size, times, 8);
    wg_replay_destroy(replay);
    drop_results(&h);
    close_problem(&h);
}

int main(int n_arguments, char **argument)
{
    must(wg_set_threads(1) == WG_OK);
    if (n_arguments > 1 && strcmp(argument[1], "check") == 0) {
        check();
        return finish();
    }
    print_head("Skinned hand, residual and its 26-column Jacobian");
    measure();
    return 0;
}
