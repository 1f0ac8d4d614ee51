/* A training run, watched step by step. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

struct wg_study_track {
    wg_study_loss loss;
    int64_t size, steps;
    double lipschitz_max;
    double *position, *gradient; /* of the call before */
};

/* The number of elements of all parameters; the loss is not run. */
static wg_status count(const wg_study_loss *loss, int64_t *size)
{
    struct study s;
    const wg_status status = study_begin(&s, "study_track", loss, NULL, STUDY_POSITION);
    *size = s.size;
    study_end(&s, NULL);
    return status;
}

wg_study_track *wg_study_track_create(const wg_study_loss *loss)
{
    int64_t size;
    if (count(loss, &size) != WG_OK)
        return NULL;
    wg_study_track *track = calloc(1, sizeof *track);
    double *numbers = calloc(2 * (size_t)size, sizeof *numbers);
    if (!track || !numbers) {
        (void)wg_error_set(WG_E_MEMORY, "study_track", "study_track: out of memory");
        free(track);
        free(numbers);
        return NULL;
    }
    *track = (wg_study_track){.loss = *loss, .size = size, .position = numbers, .gradient = numbers + size};
    return track;
}

void wg_study_track_destroy(wg_study_track *track)
{
    if (!track)
        return;
    free(track->position);
    free(track);
}

static double distance(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}

static wg_status look(struct study *s, wg_study_track *track, wg_study_record *record)
{
    wg_study_record now = {
        .step = track->steps, .moved = (double)NAN, .lipschitz = (double)NAN, .lipschitz_max = track->lipschitz_max};
    wg_tensor *at = study_position(s);
    if (!at)
        return study_cause();
    if (s->size != track->size)
        return wg_error_set(WG_E_SHAPE, s->op, "%s: expected parameters of %lld elements, as at the first call, got %lld", s->op,
                            (long long)track->size, (long long)s->size);
    WG_TRY(study_descent(s, &now.at));
    const double *position = wg_data_as(at, double), *gradient = wg_data_as(s->gradient, double);
    if (track->steps > 0) {
        now.moved = distance(position, track->position, s->size);
        if (now.moved > 0) {
            now.lipschitz = distance(gradient, track->gradient, s->size) / now.moved;
            now.lipschitz_max = fmax(now.lipschitz_max, now.lipschitz);
        }
    }
    memcpy(track->position, position, (size_t)s->size * sizeof *position);
    memcpy(track->gradient, gradient, (size_t)s->size * sizeof *gradient);
    track->lipschitz_max = now.lipschitz_max;
    track->steps++;
    *record = now;
    return WG_OK;
}

wg_status wg_study_track_step(wg_study_track *track, wg_study_record *record)
{
    static const char op[] = "study_track_step";
    struct study s;
    if (!track || !record)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, track ? "record" : "track");
    wg_status status = study_begin(&s, op, &track->loss, NULL, STUDY_PRODUCTS);
    if (status == WG_OK)
        status = look(&s, track, record);
    study_end(&s, NULL);
    return status;
}
