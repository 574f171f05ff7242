// Express with Auth0's express-oauth2-jwt-bearer, as its README writes it. `node express.js PORT`.
import express from "express";
import { auth } from "express-oauth2-jwt-bearer";

const app = express();
const check = auth({ issuerBaseURL: `https://${process.env.AUTH0_DOMAIN}/`, audience: process.env.AUTH0_AUDIENCE });
app.get("/data", check, (_request, response) => response.json({ data: "x" }));
app.listen(Number(process.argv[2]), "127.0.0.1");
