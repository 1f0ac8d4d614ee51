/* Transposing in vectors of 256 bits, for AVX2 and AVX-512. The includer defines WG_JOIN_F32(rows, p, q) and WG_JOIN_F64: the first
   128 bits at p and at q, in one vector. */

/* x[c] ← column c, or c and c + 4, one in each half, of rows y[0] to y[3]. */
WG_INLINE void wg_transpose_halves(const __m256 *y, __m256 *x)
{
    const __m256d a = _mm256_castps_pd(_mm256_unpacklo_ps(y[0], y[1])), b = _mm256_castps_pd(_mm256_unpackhi_ps(y[0], y[1]));
    const __m256d c = _mm256_castps_pd(_mm256_unpacklo_ps(y[2], y[3])), d = _mm256_castps_pd(_mm256_unpackhi_ps(y[2], y[3]));
    x[0] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, c));
    x[1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, c));
    x[2] = _mm256_castpd_ps(_mm256_unpacklo_pd(b, d));
    x[3] = _mm256_castpd_ps(_mm256_unpackhi_pd(b, d));
}

WG_INLINE void wg_transpose_ymm_f32(__m256 *x)
{
    __m256 y[8];
    wg_transpose_halves(x, y);
    wg_transpose_halves(x + 4, y + 4);
    WG_UNROLL(i, 4) {
        x[i] = _mm256_permute2f128_ps(y[i], y[i + 4], 0x20);
        x[i + 4] = _mm256_permute2f128_ps(y[i], y[i + 4], 0x31);
    }
}

/* Loading rows i and i + 4 into the halves of one vector saves a step of the transposition. */
WG_INLINE void wg_load_across_f32(const int rows, const float *from, const float *fourth, const struct wg_lines *lines, __m256 *x)
{
    __m256 y[4];
    (void)rows;
    WG_UNROLL(i, 4)
        y[i] = WG_JOIN_F32(rows, wg_line(from, lines, i), wg_line(fourth, lines, i));
    wg_transpose_halves(y, x);
}

WG_INLINE void wg_load_transposed_f32(const float *from, int64_t line, __m256 *x)
{
    const struct wg_lines lines = wg_lines_of(line, sizeof(float));
    wg_load_across_f32(1, from, wg_beyond(from, 4 * lines.one), &lines, x);
}

WG_INLINE void wg_transpose_ymm_f64(__m256d *x)
{
    const __m256d even[2] = {_mm256_unpacklo_pd(x[0], x[1]), _mm256_unpacklo_pd(x[2], x[3])};
    const __m256d odd[2] = {_mm256_unpackhi_pd(x[0], x[1]), _mm256_unpackhi_pd(x[2], x[3])};
    x[0] = _mm256_permute2f128_pd(even[0], even[1], 0x20);
    x[1] = _mm256_permute2f128_pd(odd[0], odd[1], 0x20);
    x[2] = _mm256_permute2f128_pd(even[0], even[1], 0x31);
    x[3] = _mm256_permute2f128_pd(odd[0], odd[1], 0x31);
}

WG_INLINE void wg_load_across_f64(const int rows, const double *from, const double *fourth, const struct wg_lines *lines,
                                  __m256d *x)
{
    (void)fourth;
    __m256d y[2];
    (void)rows;
    WG_UNROLL(i, 2)
        y[i] = WG_JOIN_F64(rows, wg_line(from, lines, i), wg_line(from, lines, i + 2));
    x[0] = _mm256_unpacklo_pd(y[0], y[1]);
    x[1] = _mm256_unpackhi_pd(y[0], y[1]);
}

WG_INLINE void wg_load_transposed_f64(const double *from, int64_t line, __m256d *x)
{
    const struct wg_lines lines = wg_lines_of(line, sizeof(double));
    wg_load_across_f64(1, from, wg_beyond(from, 4 * lines.one), &lines, x);
}
